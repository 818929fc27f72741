"""The durable home of running turns' journals.

Rules:
1. A write leaves only after its intention, everything recorded so far and the turn's input are
   committed (ADR 0004): a re-run sees the same input, and answers are never asked twice.
2. The same statement looks at the conversation's epoch: once a person took over, or another worker
   resumed the turn, no further write of this run leaves.
3. Everything else is saved with the turn's end, in its transaction.
"""

import asyncio
import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallScope, Entry
from msgspec import Struct

from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError

# A NUL's escape; an even number of backslashes before it would be text about it.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_INTEND = "select intend($1, $2, $3, $4, $5, $6)"
_RETAKE = """
with held as (
  update conversations c set epoch = c.epoch + 1
   where c.tenant_id = $1 and c.id = $2 and c.epoch = $4 and c.mode = 'auto'
  returning c.epoch)
update turns t set epoch = held.epoch from held
 where t.tenant_id = $1 and t.id = $3 and t.status = 'running'
returning t.epoch"""
_SAVED = """
select path, installation_id, name, encode(request_hash, 'hex') as request_hash, request, write,
       answer, cost, extract(epoch from started_at)::float8 as started_at, elapsed_ms
  from journal where tenant_id = $1 and turn_id = $2"""


class JournalRow(Struct, frozen=True):
    """An entry as the table keeps it: with whose call it was, the hash as hex."""

    path: str
    installation_id: UUID
    name: str
    request_hash: str
    request: str
    write: bool
    answer: str | None = None
    cost: dict[str, Any] | None = None
    started_at: float = 0.0
    elapsed_ms: float | None = None

    @classmethod
    def of(cls, entry: Entry, installation_id: UUID) -> "JournalRow":
        """The row of an entry."""
        return cls(
            entry.path, installation_id, entry.name, entry.request_hash.hex(), entry.request,
            entry.write, entry.answer, entry.cost, entry.started_at, entry.elapsed_ms,
        )  # fmt: skip

    def entry(self) -> Entry:
        """The entry as the runtime knows it."""
        return Entry(
            self.path, self.name, self.request, bytes.fromhex(self.request_hash), self.answer,
            self.write, self.cost or {}, self.started_at, self.elapsed_ms or 0.0,
        )  # fmt: skip


class LiveTurn(Struct):
    """A turn while it runs here. `input` is what its agents were asked so far (JSON-able), `rows`
    its whole journal by path, `bundle_version` the tenant's routing version at its claim."""

    tenant_id: UUID
    conversation_id: UUID
    turn_id: UUID
    epoch: int
    input: Any = None
    rows: dict[str, JournalRow] = {}
    bundle_version: int | None = None

    def record(self, entries: Iterable[Entry], installation_id: UUID) -> None:
        """Take entries in."""
        self.rows = self.with_more(entries, installation_id)

    def with_more(self, entries: Iterable[Entry], installation_id: UUID) -> dict[str, JournalRow]:
        """The journal with these; an entry with an answer is never replaced by one without."""
        return self._with(JournalRow.of(entry, installation_id) for entry in entries)

    def take(self, rows: Iterable[JournalRow]) -> None:
        """Take rows in that were recorded for this turn elsewhere."""
        self.rows = self._with(rows)

    def entries_of(self, installation_id: UUID) -> tuple[Entry, ...]:
        """What is recorded of one installation, as the runtime knows it; of others their writes
        too: what they moved counts under this one's money grant."""
        rows = self.rows.values()
        return tuple(r.entry() for r in rows if r.write or r.installation_id == installation_id)

    def _with(self, rows: Iterable[JournalRow]) -> dict[str, JournalRow]:
        merged = dict(self.rows)
        for row in rows:
            known = merged.get(row.path)
            if known is None or known.answer is None or row.answer is not None:
                merged[row.path] = row
        return merged


class TurnJournals:
    """The runtime's JournalPort for the turns that run in this process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._live: dict[str, LiveTurn] = {}
        self._retaking = asyncio.Lock()

    def open(self, turn: LiveTurn) -> LiveTurn:
        """Let host calls of this turn be recorded, until `close`."""
        self._live[str(turn.turn_id)] = turn
        return turn

    def close(self, turn: LiveTurn) -> None:
        """The turn is over here: a guest that still runs writes no more."""
        if self._live.get(str(turn.turn_id)) is turn:
            del self._live[str(turn.turn_id)]

    def live(self, scope: CallScope) -> LiveTurn | None:
        """The scope's turn while it runs here."""
        return self._live.get(scope.turn_id)

    def bundle_version(self, scope: CallScope) -> int | None:
        """The routing version the scope's turn runs with; None outside a turn."""
        turn = self._live.get(scope.turn_id)
        return None if turn is None else turn.bundle_version

    def record(self, scope: CallScope, entries: tuple[Entry, ...]) -> None:
        """Keep what was called on behalf of a running turn; saved with the turn's end."""
        turn = self._live.get(scope.turn_id)
        if turn is not None:
            turn.record(entries, UUID(scope.installation_id))

    async def save(self, scope: CallScope, entries: list[Entry]) -> None:
        """Make the turn durable up to here.

        Raises:
            ConflictError: the turn is over, taken over or resumed elsewhere; nothing may leave.
        """
        if not scope.turn_id:
            return
        turn = self._live.get(scope.turn_id)
        if turn is None:
            raise ConflictError("this turn is over")
        rows = turn.with_more(entries, UUID(scope.installation_id))
        if not await self._intend(turn, rows):
            raise ConflictError("a person took this conversation over, or another worker the turn")
        turn.rows = turn.rows | rows

    async def retake(self, turn: LiveTurn, epoch: int) -> None:
        """Fence out whoever runs this turn under `epoch`, and take in what it made durable.

        The turn goes on under the next epoch; nothing happens when it already did.

        Raises:
            ConflictError: a person or another worker has taken it meanwhile.
        """
        async with self._retaking:
            if turn.epoch == epoch:
                await self._retake(turn)

    async def _retake(self, turn: LiveTurn) -> None:
        tenant_id, turn_id = turn.tenant_id, turn.turn_id
        async with self._db.transaction(tenant_id) as connection:
            epoch = await connection.fetchval(
                _RETAKE, tenant_id, turn.conversation_id, turn_id, turn.epoch
            )
            if epoch is None:
                raise ConflictError("a person took this conversation over, or another worker")
            saved = await connection.fetch(_SAVED, tenant_id, turn_id)
        turn.epoch = epoch
        turn.take(JournalRow(**row) for row in saved)

    async def _intend(self, turn: LiveTurn, rows: dict[str, JournalRow]) -> bool:
        async with self._db.transaction(turn.tenant_id) as connection:
            held: bool = await connection.fetchval(
                _INTEND, turn.tenant_id, turn.conversation_id, turn.turn_id, turn.epoch,
                storable(turn.input), storable(list(rows.values())),
            )  # fmt: skip
        return held


def storable(value: Any) -> msgspec.Raw:
    """The value's JSON as PostgreSQL can keep it: a NUL character becomes U+FFFD."""
    text = msgspec.json.encode(value)
    return msgspec.Raw(_NUL.sub(rb"\1\\ufffd", text) if rb"\u0000" in text else text)
