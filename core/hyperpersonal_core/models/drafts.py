"""An answer on the shopper's screen while the model still writes it.

Rules:
1. Only whole sentences are shown, and each only after what the finished reply must pass too: every
   number, date and status has a source (`turns.evidence`), every guard of the tenant lets it pass.
2. One review at a time; what came meanwhile goes into the next. The first text that does not pass,
   and a guard that fails or takes longer than REVIEW_MS, end the draft: no more of it is shown.
3. Before each showing the database is asked whether this turn still holds the conversation: after a
   takeover nothing is shown. A screen that has seen anything newer than the turn drops it as well.
4. A draft is announced whole, and stored nowhere: who reconnects gets all of it with the next
   sentence, and the reply itself comes by the timeline, as ever.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallScope, Entry
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest
from msgspec import Struct

from hyperpersonal_core.installations.journal import LiveTurn, TurnJournals
from hyperpersonal_core.installations.sealed import JournalRow
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.models.review import Reviews
from hyperpersonal_core.turns.evidence import unsupported
from hyperpersonal_core.turns.turn import Leg

DRAFTS = "hp.drafts"
TEXT_CHARS_MAX = 8_000
REVIEW_MS = 1_500
_END = re.compile(r"[.!?…](?=\s)|\n")
_HOLDS = """
select t.last_offset from turns t
  join conversations c on c.tenant_id = t.tenant_id and c.id = t.conversation_id
 where t.tenant_id = $1 and t.id = $2 and t.status = 'running' and t.epoch = $3
   and c.epoch = $3 and c.mode = 'auto'"""

Seen = Callable[[], Iterable[Entry]]


class Shown(Struct, frozen=True, array_like=True):
    """What gateways hear: all of a draft so far. `after`: the offset it follows; who has seen more
    of the conversation shows it no longer."""

    tenant_id: UUID
    conversation_id: UUID
    turn_id: UUID
    after: int
    text: str


class _Draft:
    """One model call's draft."""

    def __init__(self, scope: CallScope, seen: Seen, version: int | None) -> None:
        self.scope, self.seen, self.version = scope, seen, version
        self.text = ""
        self.shown = 0
        self.open = True
        self.task: asyncio.Task[None] | None = None

    @property
    def whole(self) -> int:
        """Where its last whole sentence ends."""
        ends = [match.end() for match in _END.finditer(self.text)]
        return ends[-1] if ends else 0


class Drafts:
    """The open drafts of this process, by turn and call."""

    def __init__(self, db: Database, bus: Bus, journals: TurnJournals, reviews: Reviews) -> None:
        self._db = db
        self._bus = bus
        self._journals = journals
        self._reviews = reviews
        self._open: dict[tuple[str, str], _Draft] = {}
        self._log = log.get("drafts")

    def begin(self, scope: CallScope, seen: Seen) -> None:
        """A call (its own path) may be shown; an earlier try of it is forgotten."""
        self.end(scope)
        if self._journals.live(scope) is not None:
            version = self._journals.bundle_version(scope)
            self._open[scope.turn_id, scope.path] = _Draft(scope, seen, version)

    def end(self, scope: CallScope) -> None:
        """It is shown no further."""
        draft = self._open.pop((scope.turn_id, scope.path), None)
        if draft is not None:
            draft.open = False

    def add(self, scope: CallScope, text: str) -> bool:
        """More text, told by the plugin that serves the call; False when no draft is open."""
        draft = self._open.get((scope.turn_id, scope.path.rpartition(".")[0]))
        if draft is None or not draft.open or len(draft.text) + len(text) > TEXT_CHARS_MAX:
            return False
        draft.text += text
        if draft.task is None and draft.whole > draft.shown:
            draft.task = asyncio.create_task(self._show(draft))
        return True

    async def _show(self, draft: _Draft) -> None:
        """Show what is whole, until nothing is new."""
        try:
            while draft.open and draft.whole > draft.shown:
                upto = draft.whole
                text = draft.text[:upto].strip()
                draft.open = draft.open and await self._passes(draft, text)
                if draft.open:
                    await self._announce(draft, text)
                draft.shown = upto
        except (OutsideError, TimeoutError) as error:
            draft.open = False
            self._log.warning("draft.ended", error=str(error), turn_id=draft.scope.turn_id)
        finally:
            draft.task = None

    async def _passes(self, draft: _Draft, text: str) -> bool:
        turn = self._journals.live(draft.scope)
        request = _request(turn)
        if turn is None or request is None:
            return False
        whose = UUID(draft.scope.installation_id)
        now = [JournalRow.of(entry, whose) for entry in draft.seen()]
        if unsupported(TurnReply(text), request, [*turn.rows.values(), *now]):
            return False
        async with asyncio.timeout(REVIEW_MS / 1000):
            return await self._reviews.passes(draft.scope, (request.text, text), draft.version)

    async def _announce(self, draft: _Draft, text: str) -> None:
        turn = self._journals.live(draft.scope)
        after = None if turn is None else await self._holds(turn)
        if turn is None or after is None:
            draft.open = False
            return
        shown = Shown(turn.tenant_id, turn.conversation_id, turn.turn_id, after, text)
        await self._bus.announce(DRAFTS, msgspec.msgpack.encode(shown))

    async def _holds(self, turn: LiveTurn) -> int | None:
        """The offset the turn answers up to, while it still holds the conversation."""
        async with self._db.transaction(turn.tenant_id) as connection:
            found: int | None = await connection.fetchval(
                _HOLDS, turn.tenant_id, turn.turn_id, turn.epoch
            )
        return found


def _request(turn: LiveTurn | None) -> TurnRequest | None:
    """What the agent at work was asked; the turn may have come over the bus as plain JSON."""
    legs = turn.input if turn is not None else None
    if not legs:
        return None
    last = legs[-1]
    return last.request if isinstance(last, Leg) else msgspec.convert(last["request"], TurnRequest)
