"""A turn's journal as the database keeps it: parts that add up, each sealed and compressed.

Sealed for its tenant and bound to its turn: a part moved to another row does not open.
"""

import zlib
from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallRecord, Entry, request_hash
from msgspec import Struct

from hyperpersonal_core.kit.errors import OutsideError

PACKED = b"\1"  # zlib of msgpack
LEVEL = 1  # measured on a turn of 12 KB: 17 us, 9% of its size; level 6 takes twice as long for 8%
PART_BYTES_MAX = 64 << 20


class Sealer(Protocol):
    """What of the vault is needed here."""

    async def seal(self, tenant_id: UUID, purpose: str, data: bytes, /) -> bytes: ...
    async def open(self, tenant_id: UUID, purpose: str, sealed: bytes, /) -> bytes: ...


class JournalRow(Struct, frozen=True, omit_defaults=True):
    """An entry with whose call it was. Its request's hash is not kept: it follows from it."""

    path: str
    installation_id: UUID
    name: str
    request: str
    write: bool = False
    answer: str | None = None
    cost: dict[str, Any] | None = None
    started_at: float = 0.0
    elapsed_ms: float | None = None

    @classmethod
    def of(cls, entry: Entry, installation_id: UUID) -> "JournalRow":
        """The row of an entry."""
        return cls(
            entry.path, installation_id, entry.name, entry.request, entry.write, entry.answer,
            entry.cost or None, entry.started_at, entry.elapsed_ms or None,
        )  # fmt: skip

    def entry(self) -> Entry:
        """The entry as the runtime knows it."""
        return Entry(
            self.path, self.name, self.request, request_hash(self.name, self.request), self.answer,
            self.write, self.cost or {}, self.started_at, self.elapsed_ms or 0.0,
        )  # fmt: skip


class Part(Struct, frozen=True, omit_defaults=True):
    """What was kept of a turn at one moment: its journal up to then, the hook calls that ended,
    `input` (what its agents were asked, while it runs), `routing` (what was decided, at its end).
    """

    rows: tuple[JournalRow, ...] = ()
    calls: tuple[CallRecord, ...] = ()
    input: Any = None
    routing: Any = None


_parts = msgspec.msgpack.Decoder(Part)
_encoder = msgspec.msgpack.Encoder()


async def seal(sealer: Sealer, tenant_id: UUID, turn_id: UUID, part: Part) -> bytes:
    """The part as it may be stored. Raises OutsideError when keys cannot be had."""
    packed = PACKED + zlib.compress(_encoder.encode(part), LEVEL)
    return await sealer.seal(tenant_id, _purpose(turn_id), packed)


async def unseal(sealer: Sealer, tenant_id: UUID, turn_id: UUID, parts: Iterable[bytes]) -> Part:
    """All parts of a turn as one, given in the order they were kept.

    Raises:
        RefusedError: a part was altered or moved.
        OutsideError: keys cannot be had, or a later version of us wrote it.
    """
    whole = Part()
    for sealed in parts:
        packed = await sealer.open(tenant_id, _purpose(turn_id), sealed)
        whole = added(whole, _unpacked(packed))
    return whole


def added(known: Part, more: Part) -> Part:
    """Both as one; of what both hold the later word counts, but an answer is never lost."""
    rows = merged({}, (*known.rows, *more.rows))
    calls = {call.path: call for call in (*known.calls, *more.calls)}
    return Part(
        tuple(rows.values()),
        tuple(calls.values()),
        known.input if more.input is None else more.input,
        known.routing if more.routing is None else more.routing,
    )


def merged(known: dict[str, JournalRow], more: Iterable[JournalRow]) -> dict[str, JournalRow]:
    """The rows with these; one with an answer is never replaced by one without."""
    rows = dict(known)
    for row in more:
        before = rows.get(row.path)
        if before is None or before.answer is None or row.answer is not None:
            rows[row.path] = row
    return rows


def _unpacked(packed: bytes) -> Part:
    if packed[:1] != PACKED:
        raise OutsideError("a later version of the product wrote this journal", retryable=False)
    reader = zlib.decompressobj()
    data = reader.decompress(packed[1:], PART_BYTES_MAX)
    if not reader.eof:
        raise OutsideError(f"a journal is over {PART_BYTES_MAX} bytes", retryable=False)
    return _parts.decode(data)


def _purpose(turn_id: UUID) -> str:
    return f"journal:{turn_id}"
