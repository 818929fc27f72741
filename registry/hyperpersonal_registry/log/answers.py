"""What hosts ask of the log, by name, beside the trust metadata; from tables or from a file.

log/checkpoint/K            the newest checkpoint that K witnesses have cosigned
log/growth/OLD/NEW          the proof that the log of NEW entries continues the one of OLD
log/proofs/SIZE/NAME/AFTER  proofs of what NAME published after entry AFTER, in a log of SIZE
"""

import re
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

import msgspec
from hyperpersonal_core.kit.db import Connection
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency import checkpoint, note
from msgspec import Struct

from hyperpersonal_registry import journal
from hyperpersonal_registry.log import checkpoints, store, tree
from hyperpersonal_registry.log.tiles import TileId
from hyperpersonal_registry.log.tree import ReadTile

PREFIX = "log/"
PAGE_MAX = 200
ANSWER_BYTES_MAX = 8 * 1024 * 1024
KIND = "release.published"
T = TypeVar("T")

_NAME = re.compile(
    r"log/(?:checkpoint/(?P<cosigned>[0-9]{1,2})"
    r"|growth/(?P<old>[0-9]{1,15})/(?P<new>[0-9]{1,15})"
    r"|proofs/(?P<size>[0-9]{1,15})/(?P<namespace>[a-z0-9][a-z0-9_-]{0,39})/(?P<after>[0-9]{1,15}))"
)
_PUBLISHED = """select j.n, j.at, j.kind, j.subject, j.detail, j.hash
from registry.releases r
join registry.journal j on j.subject = r.plugin_id || '@' || r.version and j.kind = $5
where r.namespace = $1 and j.n > $2 and j.n <= $3 order by j.n limit $4"""
_MIRRORED = "select part from registry.mirrored_log"
_MIRROR = """insert into registry.mirrored_log (part) values ($1)
on conflict (only_one) do update set part = excluded.part"""


class Growth(Struct, frozen=True):
    """The hashes of a consistency proof."""

    hashes: list[bytes]


class Proven(Struct, frozen=True):
    """Entry number `n` (from 1) with the hashes that prove it, bottom up."""

    n: int
    data: bytes
    hashes: list[bytes]


class Page(Struct, frozen=True):
    """Some publications, in order."""

    items: list[Proven]


class LogPart(Struct, frozen=True):
    """A log as far as a mirror needs it: every hash, and the entries of what it carries.
    `tiles`: (level, number, hashes); `entries`: (n, data) in order."""

    checkpoint: bytes
    tiles: list[tuple[int, int, bytes]]
    entries: list[tuple[int, bytes]]

    def answer(self, name: str) -> bytes | None:
        """What hosts are answered; None: it is not here, or this is no log."""
        try:
            return at_once(self.answer_later(name))
        except (IndexError, ValueError):  # hashes are missing: nothing of it was verified yet
            return None

    async def answer_later(self, name: str) -> bytes | None:
        """The same among other work."""
        asked = _NAME.fullmatch(name)
        if asked is None:
            return None
        signed = note.parse(self.checkpoint)
        if (cosigned := asked["cosigned"]) is not None:
            return self.checkpoint if len(signed.signatures) > int(cosigned) else None
        size, read = checkpoint.parse(signed.text).size, self._reader()
        if asked["old"] is not None:
            return await _growth(read, int(asked["old"]), int(asked["new"]), size)
        rows = [one for one in self.entries if _is_of(one[1], asked["namespace"])]
        after, until = int(asked["after"]), int(asked["size"])
        found = [one for one in rows if after < one[0] <= until][:PAGE_MAX]
        return await _page(read, found, until) if until <= size else None

    def _reader(self) -> ReadTile:
        held = {TileId(level, number): hashes for level, number, hashes in self.tiles}

        async def read(tile: TileId) -> bytes:
            return held.get(tile, b"")

        return read


async def answer(connection: Connection, name: str) -> bytes | None:
    """The same from the tables: of the log that is mirrored here, else of our own."""
    asked = _NAME.fullmatch(name)
    if asked is None:
        return None
    part = await mirrored(connection)
    if part is not None:
        return await part.answer_later(name)
    if asked["cosigned"] is not None:
        return await checkpoints.newest(connection, int(asked["cosigned"]))
    size, read = await journal.size(connection), store.reader(connection)
    if asked["old"] is not None:
        return await _growth(read, int(asked["old"]), int(asked["new"]), size)
    until = int(asked["size"])
    given = (asked["namespace"], int(asked["after"]), until, PAGE_MAX, KIND)
    rows = [journal.Entry(**dict(row)) for row in await connection.fetch(_PUBLISHED, *given)]
    return await _page(read, [(one.n, one.data) for one in rows], until) if until <= size else None


async def mirrored(connection: Connection) -> LogPart | None:
    """The log of the registry elsewhere that is served from here; None: it is our own."""
    data = await connection.fetchval(_MIRRORED)
    return None if data is None else msgspec.msgpack.decode(data, type=LogPart)


async def mirror(connection: Connection, part: LogPart) -> None:
    """Serve a verified log of a registry elsewhere; entries that were served before stay."""
    before = await mirrored(connection)
    entries = sorted({*part.entries, *(before.entries if before else ())})
    whole = msgspec.structs.replace(part, entries=entries)
    await connection.execute(_MIRROR, msgspec.msgpack.encode(whole))


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that waits for nothing, without an event loop."""
    try:
        work.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    work.close()
    raise AssertionError("this work waits for something")


async def _growth(read: ReadTile, old: int, new: int, size: int) -> bytes | None:
    if not 1 <= old <= new <= size:
        return None
    return msgspec.json.encode(Growth(await tree.consistency(read, old, new)))


async def _page(read: ReadTile, entries: Iterable[tuple[int, bytes]], size: int) -> bytes:
    items = [Proven(n, data, await tree.inclusion(read, n - 1, size)) for n, data in entries]
    return msgspec.json.encode(Page(items))


def _is_of(data: bytes, namespace: str) -> bool:
    return publication(data)[0].startswith(f"{namespace}/")


def publication(data: bytes) -> tuple[str, str]:
    """The release (`plugin@version`) and digest an entry tells of; both empty for another entry."""
    try:
        _, _, kind, subject, detail = msgspec.json.decode(data)
        found = (str(subject), str(detail["digest"]))
    except (msgspec.DecodeError, ValueError, TypeError, KeyError):
        return "", ""
    return found if kind == KIND else ("", "")


def read(data: bytes | None, kind: type[T]) -> T:
    """An answer as its asker takes it. Raises UntrustedError `bad_proof`."""
    if data is None or len(data) > ANSWER_BYTES_MAX:
        said = "the registry proves nothing of its log, or without end"
        raise UntrustedError("bad_proof", said)
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UntrustedError("bad_proof", f"this is no answer of a log: {error}") from error
