"""What a turn is made of. Pure values."""

from typing import Any
from uuid import UUID

from hyperpersonal_sdk.contract.turns import (
    ContactView,
    EvidenceItem,
    Fact,
    HandoffReason,
    Passage,
    Speech,
    TurnReply,
    TurnRequest,
    Voice,
)
from msgspec import Struct, field

from hyperpersonal_core.installations.journal import LiveTurn
from hyperpersonal_core.routing.decision import Decision


class TurnSettings(Struct, frozen=True):
    """Ceilings of the engine. A lease is renewed three times before it would end."""

    lease_s: float = 15.0
    deadline_s: float = 30.0
    sweep_every_s: float = 1.0
    debounce_ms: float = 4.0
    running_max: int = 256
    claimed_max: int = 64
    waiting_max: int = 10_000
    attempts_max: int = 3
    agents_max: int = 3
    messages_max: int = 20
    history_max: int = 12
    line_chars_max: int = 2_000
    close_s: float = 5.0


class Leg(Struct):
    """One agent's part of a turn. `path` numbers its host calls ('' for the first agent), `text`
    is what it was asked. Once done, `reply` or `failure` (how it ended, in words) is set; a re-run
    takes a done leg as it is and asks an open one the same again. `reviews`: what guards used."""

    path: str
    text: str
    installation_id: UUID
    decision: Decision
    request: TurnRequest
    reply: TurnReply | None = None
    failure: str = ""
    usage: dict[str, Any] = {}
    reviews: list[dict[str, Any]] = []

    @property
    def done(self) -> bool:
        return self.reply is not None or bool(self.failure)


class Manner(Struct, frozen=True):
    """What the engine's own words depend on. `people_back`: when people are, in words; empty while
    they are there."""

    voice: Voice = Voice()
    people_back: str = ""


class Turn(Struct):
    """A claimed turn: the unanswered messages of a conversation, held under `epoch`.

    `state` is the conversation's working state: per installation (by id), `shared`, `last` (who
    spoke last) and `clarified` (we have just asked what was meant).
    `recorded` and `legs` are not empty when an earlier run was interrupted.
    """

    live: LiveTurn
    tenant_name: str
    channel: str
    contact: ContactView
    active: UUID | None
    state: dict[str, Any]
    offsets: tuple[int, int]
    attempts: int
    messages: list[str]
    history: list[Speech]
    legs: list[Leg]
    manner: Manner = Manner()

    @property
    def text(self) -> str:
        """All of the burst as one text."""
        return "\n".join(self.messages)

    @property
    def contact_id(self) -> UUID:
        return UUID(self.contact.id)

    @property
    def last(self) -> UUID | None:
        """The agent that spoke last in this conversation."""
        spoke = self.state.get("last")
        return UUID(spoke) if spoke else None

    @property
    def earlier(self) -> list[str]:
        """What the shopper wrote before this burst."""
        return [line.text for line in self.history if line.source == "contact"]

    def shared(self) -> dict[str, Any]:
        """What every agent of the conversation may read, with what this turn's legs found out."""
        known = dict(self.state.get("shared") or {})
        for leg in self.legs:
            if leg.reply is not None:
                known.update(leg.reply.shared)
        return known


class Doubt(Struct, frozen=True):
    """Why a reply is not sent: the reason of the handoff, and the words for the person."""

    reason: HandoffReason
    words: str


class Said(Struct, frozen=True):
    """A part of the reply: by whom (None: the engine), and on what ground."""

    text: str
    installation_id: UUID | None = None
    confidence: float = 1.0
    evidence: list[EvidenceItem] = []


class Packet(Struct, frozen=True):
    """What a person needs to go on: never without a goal, never only the agent's word for it."""

    goal: str
    question: str = ""
    suggested_action: str = ""
    tried: list[str] = []
    actions: list[dict[str, Any]] = []
    evidence: list[EvidenceItem] = []
    facts: list[Fact] = []
    passages: list[Passage] = []
    messages: list[Speech] = []
    agent: str = ""
    withheld: str = ""


class HandoffOrder(Struct, frozen=True):
    """The engine's decision that a person must go on."""

    reason: HandoffReason
    packet: Packet


class Answer(Struct, frozen=True):
    """The end of a turn, before it is committed. `outcome`: answered, asking, clarifying, declined
    or handed_over; `confidence` 0..1 that this was the right thing to do; `agent_told_why`:
    its words already say that a person goes on."""

    outcome: str
    said: list[Said]
    decision: Decision | None = None
    handoff: HandoffOrder | None = None
    active: UUID | None = None
    state: dict[str, Any] = field(default_factory=dict)
    confidence: float = 0.0
    agent_told_why: bool = False


class Finished(Struct, frozen=True):
    """What became of it. `sent` False: the epoch had passed and nothing left. `more`: messages
    came meanwhile, so the conversation waits for its next turn."""

    sent: bool
    more: bool
