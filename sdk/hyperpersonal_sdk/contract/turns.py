"""What an agent is asked in a turn, and what it may answer.

Covers: M-AGENT-09, M-MEM-01, M-ESC-02.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

ReplyStatus = Literal["done", "asking", "declined", "handoff"]
HandoffReason = Literal[
    "asked_for_person", "not_able", "not_allowed", "money_limit", "low_confidence", "failed", "rule"
]


class Speech(Struct, frozen=True):
    """One line of the talk so far. `source`: contact, agent, member or system."""

    source: str
    text: str
    offset: int = 0


class Fact(Struct, frozen=True):
    """Something known about the contact, and the turn it was learnt in."""

    key: str
    value: Any
    source_turn_id: str = ""


class Passage(Struct, frozen=True):
    """A piece of the merchant's knowledge. `score`: cosine similarity, 0..1."""

    id: str
    article_id: str
    title: str
    text: str
    heading: str = ""
    score: float = 0.0


class ContactView(Struct, frozen=True):
    """What an agent may know about who writes; never more than its grants allow."""

    id: str
    display_name: str = ""
    email: str = ""


class Voice(Struct, frozen=True):
    """How the merchant wants to sound. An agent words its reply after it, and changes no fact.

    `name`: under which it speaks; `tone`: a few words, such as warm, plain; `greeting` begins a
    talk and `sign_off` ends a settled answer (the platform adds both); `avoid`: phrases nobody is
    to use.
    """

    name: str = ""
    tone: tuple[str, ...] = ()
    greeting: str = ""
    sign_off: str = ""
    avoid: tuple[str, ...] = ()


class TurnRequest(Struct, frozen=True):
    """The payload of the `reply` hook.

    `text` is the part of the shopper's burst that this agent should answer, `messages` all of it.
    `state` is what the same agent returned at the end of its last turn in this conversation.
    `shared` holds what all agents of the conversation may read (for example who was identified).
    """

    turn_id: str
    conversation_id: str
    tenant_name: str
    channel: str
    text: str
    contact: ContactView
    messages: list[str] = []
    history: list[Speech] = []
    facts: list[Fact] = []
    passages: list[Passage] = []
    intent: str = ""
    routing_confidence: float = 0.0
    state: dict[str, Any] = {}
    shared: dict[str, Any] = {}
    now: str = ""
    voice: Voice = Voice()


class EvidenceItem(Struct, frozen=True):
    """Where a statement of the reply comes from. `kind`: tool, passage, fact or procedure."""

    kind: str
    ref: str
    text: str = ""


class HandoffAsk(Struct, frozen=True):
    """The packet a person gets: what the shopper wants, what was tried, what is still open."""

    reason: HandoffReason
    goal: str = ""
    tried: list[str] = []
    question: str = ""
    suggested_action: str = ""


class TurnReply(Struct, frozen=True):
    """The answer of the `reply` hook.

    `status` done = the matter is settled; asking = the next message belongs to this agent;
    declined = not a thing this agent does; handoff = a person must take over (`handoff` is set).
    `leftover` is the part of `text` that is not this agent's: the router sends it on in this turn.
    `confidence` 0..1. `state` at most 16 KiB of JSON; `shared` is merged into the conversation's.
    """

    text: str
    status: ReplyStatus = "done"
    confidence: Annotated[float, Meta(ge=0, le=1)] = 0.5
    evidence: list[EvidenceItem] = []
    leftover: str = ""
    handoff: HandoffAsk | None = None
    state: dict[str, Any] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)
