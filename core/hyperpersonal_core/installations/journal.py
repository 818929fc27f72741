"""The durable home of running turns' journals.

Rules:
1. A write leaves only after its intention, everything recorded so far and the turn's input are
   committed (ADR 0004): a re-run sees the same input, and answers are never asked twice.
2. The same statement looks at the conversation's epoch: once a person took over, or another worker
   resumed the turn, no further write of this run leaves.
3. Everything else is saved with the turn's end, in its transaction.
"""

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
        rows = dict(self.rows)
        for entry in entries:
            known = rows.get(entry.path)
            if known is None or known.answer is None or entry.answer is not None:
                rows[entry.path] = JournalRow.of(entry, installation_id)
        return rows


class TurnJournals:
    """The runtime's JournalPort for the turns that run in this process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._live: dict[str, LiveTurn] = {}

    def open(self, turn: LiveTurn) -> LiveTurn:
        """Let host calls of this turn be recorded, until `close`."""
        self._live[str(turn.turn_id)] = turn
        return turn

    def close(self, turn: LiveTurn) -> None:
        """The turn is over here: a guest that still runs writes no more."""
        if self._live.get(str(turn.turn_id)) is turn:
            del self._live[str(turn.turn_id)]

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

    async def _intend(self, turn: LiveTurn, rows: dict[str, JournalRow]) -> bool:
        async with self._db.transaction(turn.tenant_id) as connection:
            held: bool = await connection.fetchval(
                _INTEND, turn.tenant_id, turn.conversation_id, turn.turn_id, turn.epoch,
                storable(turn.input), storable(list(rows.values())),
            )  # fmt: skip
        return held


def storable(value: Any) -> msgspec.Raw:
    """The value's JSON as PostgreSQL can keep it: a NUL character becomes U+FFFD."""
    return msgspec.Raw(_NUL.sub(rb"\1\\ufffd", msgspec.json.encode(value)))
