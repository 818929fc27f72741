"""The append-only record of every change: who may publish, what was published, what was withdrawn.

Each entry's hash covers the entry and the hash before it, so a changed, dropped or inserted entry
shows. The role the application uses cannot update or delete; a trigger refuses it to anybody.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec
from hyperpersonal_core.kit.db import Connection
from msgspec import Struct

START = b"\0" * 32
PAGE_MAX = 500
_LOCK = 0x48505F524A  # one appender at a time keeps the numbers gapless

_LAST = "select n, hash from registry.journal order by n desc limit 1"
_APPEND = """insert into registry.journal (n, at, kind, subject, detail, hash)
values ($1, $2, $3, $4, $5, $6)"""
_PAGE = """select n, at, kind, subject, detail, hash from registry.journal
where n > $1 order by n limit $2"""


class Entry(Struct, frozen=True):
    """One change. `subject` is a namespace, key id or `plugin@version`."""

    n: int
    at: datetime
    kind: str
    subject: str
    detail: dict[str, Any]
    hash: bytes


def hash_of(entry: Entry, before: bytes) -> bytes:
    """The hash an entry must have after `before`."""
    said = [entry.n, entry.at.astimezone(UTC).isoformat(), entry.kind, entry.subject, entry.detail]
    return hashlib.sha256(before + msgspec.json.encode(said, order="sorted")).digest()


async def append(
    connection: Connection, at: datetime, kind: str, subject: str, **detail: Any
) -> None:
    """Record a change in the transaction that makes it."""
    await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
    last = await connection.fetchrow(_LAST)
    n, before = (last["n"], last["hash"]) if last else (0, START)
    entry = Entry(n + 1, at, kind, subject, detail, b"")
    row = (entry.n, at, kind, subject, detail, hash_of(entry, before))
    await connection.execute(_APPEND, *row)


async def page(connection: Connection, after: int, limit: int) -> list[Entry]:
    """Entries after number `after`, oldest first, at most 500."""
    rows = await connection.fetch(_PAGE, after, min(limit, PAGE_MAX))
    return [Entry(**dict(row)) for row in rows]


async def first_fault(connection: Connection) -> int | None:
    """The number of the first entry that is not what was written; None when all hold."""
    before, n = START, 0
    while entries := await page(connection, n, PAGE_MAX):
        for entry in entries:
            n += 1
            if entry.n != n or entry.hash != hash_of(entry, before):
                return n
            before = entry.hash
    return None
