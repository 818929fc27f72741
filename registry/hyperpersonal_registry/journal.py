"""The append-only record of every change: who may publish, what was published, what was withdrawn.

Each entry is a leaf of the transparency log (`log/`): a changed, dropped or inserted entry shows
here, and a rewritten past shows to everybody who kept a checkpoint. The role the application uses
cannot update or delete; a trigger refuses it to anybody.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from hyperpersonal_core.kit.db import Connection
from hyperpersonal_sdk.transparency.merkle import HASH_BYTES, leaf_hash
from msgspec import Struct

from hyperpersonal_registry.log import store, tree
from hyperpersonal_registry.log.tiles import WIDTH, TileId, hashes

PAGE_MAX = 500
DECODE = msgspec.json.decode
_LOCK = 0x48505F524A  # one appender at a time keeps the numbers gapless

_SIZE = "select coalesce(max(n), 0) from registry.journal"
_APPEND = """insert into registry.journal (n, at, kind, subject, detail, hash)
values ($1, $2, $3, $4, $5, $6)"""
_PAGE = """select n, at, kind, subject, detail, hash from registry.journal
where n > $1 order by n limit $2"""
_REHASH = "update registry.journal set hash = $2 where n = $1"


class Entry(Struct, frozen=True):
    """One change. `subject` is a namespace, key id or `plugin@version`; `hash` its leaf."""

    n: int
    at: datetime
    kind: str
    subject: str
    detail: dict[str, Any]
    hash: bytes = b""

    @property
    def data(self) -> bytes:
        """The bytes the log commits to: canonical JSON."""
        at = self.at.astimezone(UTC).isoformat()
        said = [self.n, at, self.kind, self.subject, self.detail]
        return msgspec.json.encode(said, order="sorted")


async def hold(connection: Connection) -> None:
    """Be the only appender until this transaction ends. Who locks rows that others lock after
    their entry takes it first."""
    await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)


async def append(
    connection: Connection, at: datetime, kind: str, subject: str, **detail: Any
) -> None:
    """Record a change in the transaction that makes it."""
    await hold(connection)
    last = await size(connection)
    entry = Entry(last + 1, at, kind, subject, detail)
    leaf = leaf_hash(entry.data)
    await connection.execute(_APPEND, entry.n, at, kind, subject, detail, leaf)
    await store.append(connection, last, [leaf])


async def size(connection: Connection) -> int:
    """How many entries there are."""
    found: int = await connection.fetchval(_SIZE)
    return found


async def page(connection: Connection, after: int, limit: int) -> list[Entry]:
    """Entries after number `after`, oldest first, at most 500."""
    rows = await connection.fetch(_PAGE, after, min(limit, PAGE_MAX))
    return [Entry(**dict(row)) for row in rows]


async def first_fault(connection: Connection) -> int | None:
    """The number of the first entry that is not what was written; None when all hold."""
    leaves: list[bytes] = []
    async for entry in _all(connection):
        leaves.append(leaf_hash(entry.data))
        if entry.n != len(leaves) or entry.hash != leaves[-1]:
            return len(leaves)
    return await _first_fault_above(connection, leaves)


async def rebuild(connection: Connection) -> None:
    """Make the tree anew from the entries; only a migration may."""
    leaves: list[bytes] = []
    async for entry in _all(connection):
        leaves.append(leaf_hash(entry.data))
        await connection.execute(_REHASH, entry.n, leaves[-1])
    await store.append(connection, 0, leaves)


async def _all(connection: Connection) -> AsyncIterator[Entry]:
    n = 0
    while entries := await page(connection, n, PAGE_MAX):
        for entry in entries:
            n = entry.n
            yield entry


async def _first_fault_above(connection: Connection, leaves: list[bytes]) -> int | None:
    """The first entry under a tile that is not what the leaves make of it."""
    read = store.reader(connection)
    for tile, made in sorted((await tree.grown(_nothing, 0, leaves)).items()):
        if (kept := await read(tile)) != made:
            pairs = enumerate(zip(hashes(kept.ljust(len(made), b"\0")), hashes(made), strict=False))
            first = next((at for at, (a, b) in pairs if a != b), len(made) // HASH_BYTES)
            return int((tile.number * WIDTH + first) * WIDTH**tile.level) + 1
    return None


async def _nothing(_: TileId) -> bytes:
    return b""
