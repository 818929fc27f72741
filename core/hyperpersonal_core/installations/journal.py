"""The durable home of running turns' journals.

Rules:
1. A write leaves only after its intention, everything recorded so far and the turn's input are
   committed (ADR 0004): a re-run sees the same input, and answers are never asked twice.
2. The same statement looks at the conversation's epoch: once a person took over, or another worker
   resumed the turn, no further write of this run leaves.
3. Everything else is saved with the turn's end, in its transaction.
4. What is committed is sealed for its tenant first (ADR 0022).
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallRecord, CallResult, CallScope, Entry, HookCall
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import Struct

from hyperpersonal_core.installations.sealed import JournalRow, Part, Sealer, merged, seal, unseal
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError

# A NUL's escape; an even number of backslashes before it would be text about it.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_INTEND = "select intend($1, $2, $3, $4, $5)"
_RETAKE = """
with held as (
  update conversations c set epoch = c.epoch + 1
   where c.tenant_id = $1 and c.id = $2 and c.epoch = $4 and c.mode = 'auto'
  returning c.epoch)
update turns t set epoch = held.epoch from held
 where t.tenant_id = $1 and t.id = $3 and t.status = 'running'
returning t.epoch"""
_SAVED = "select sealed from journal where tenant_id = $1 and turn_id = $2 order by part"


class LiveTurn(Struct):
    """A turn while it runs here. `input` is what its agents were asked so far (JSON-able), `rows`
    its whole journal by path, `calls` its hook calls that ended, by path, `bundle_version` the
    tenant's routing version at its claim."""

    tenant_id: UUID
    conversation_id: UUID
    turn_id: UUID
    epoch: int
    input: Any = None
    rows: dict[str, JournalRow] = {}
    bundle_version: int | None = None
    calls: dict[str, CallRecord] = {}

    def record(self, entries: Iterable[Entry], installation_id: UUID) -> None:
        """Take entries in."""
        self.rows = self.with_more(entries, installation_id)

    def told(self, call: HookCall, result: CallResult) -> None:
        """Take in how a hook call of this turn ended, with its entries."""
        self.record(result.journal, UUID(call.scope.installation_id))
        if result.outcome is not Outcome.SUSPENDED:  # else it goes on elsewhere
            self.calls = self.calls | {call.scope.path: CallRecord.of(call, result)}

    def with_more(self, entries: Iterable[Entry], installation_id: UUID) -> dict[str, JournalRow]:
        """The journal with these; an entry with an answer is never replaced by one without."""
        return merged(self.rows, (JournalRow.of(entry, installation_id) for entry in entries))

    def take(self, rows: Iterable[JournalRow], calls: Iterable[CallRecord] = ()) -> None:
        """Take in what was recorded for this turn elsewhere."""
        self.rows = merged(self.rows, rows)
        self.calls = self.calls | {call.path: call for call in calls}

    def entries_of(self, installation_id: UUID) -> tuple[Entry, ...]:
        """What is recorded of one installation, as the runtime knows it; of others their writes
        too: what they moved counts under this one's money grant."""
        rows = self.rows.values()
        return tuple(r.entry() for r in rows if r.write or r.installation_id == installation_id)


class TurnJournals:
    """The runtime's JournalPort for the turns that run in this process.

    Args:
        sealer: the vault.
    """

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db = db
        self._sealer = sealer
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

    def told(self, call: HookCall, result: CallResult) -> None:
        """Keep a hook call that was made on behalf of a running turn's call, and its entries."""
        turn = self._live.get(call.scope.turn_id)
        if turn is not None:
            turn.told(call, result)

    async def end_of(self, turn: LiveTurn, routing: Any) -> bytes:
        """The turn's whole journal, sealed, for the transaction that ends it.

        Raises:
            OutsideError: keys cannot be had now.
        """
        rows, calls = tuple(turn.rows.values()), tuple(turn.calls.values())
        part = Part(rows, calls, routing=msgspec.to_builtins(routing))
        return await seal(self._sealer, turn.tenant_id, turn.turn_id, part)

    async def unseal(self, tenant_id: UUID, turn_id: UUID, parts: Sequence[bytes]) -> Part:
        """What these parts of a turn's journal hold together.

        Raises:
            RefusedError: one was altered or moved.
            OutsideError: keys cannot be had now.
        """
        return await unseal(self._sealer, tenant_id, turn_id, parts)

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
        part = await self.unseal(tenant_id, turn_id, [row["sealed"] for row in saved])
        turn.take(part.rows, part.calls)

    async def _intend(self, turn: LiveTurn, rows: dict[str, JournalRow]) -> bool:
        part = Part(tuple(rows.values()), tuple(turn.calls.values()), turn.input)
        sealed = await seal(self._sealer, turn.tenant_id, turn.turn_id, part)
        async with self._db.transaction(turn.tenant_id) as connection:
            held: bool = await connection.fetchval(
                _INTEND, turn.tenant_id, turn.conversation_id, turn.turn_id, turn.epoch, sealed
            )
        return held


def storable(value: Any) -> msgspec.Raw:
    """The value's JSON as PostgreSQL can keep it: a NUL character becomes U+FFFD."""
    text = msgspec.json.encode(value)
    return msgspec.Raw(_NUL.sub(rb"\1\\ufffd", text) if rb"\u0000" in text else text)
