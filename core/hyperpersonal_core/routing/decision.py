"""What the router is asked and what it answers. Pure values."""

from typing import Literal
from uuid import UUID

from hyperpersonal_sdk.contract.turns import HandoffReason, Passage, Speech
from msgspec import Struct, structs

from hyperpersonal_core.routing.language import ENGLISH, foreign_language, speaks
from hyperpersonal_core.routing.rules import Rule

RouteKind = Literal["agent", "person", "decline", "clarify", "reply"]


class AgentCard(Struct, frozen=True):
    """One agent of the tenant's bundle as its manifest declares it.

    `labels`: what it serves (`order`, `return`, …, also `smalltalk`); `examples`: label -> texts;
    `languages`: those it answers in (BCP 47).
    """

    installation_id: UUID
    name: str
    labels: tuple[str, ...]
    examples: dict[str, tuple[str, ...]] = {}
    plugin_id: str = ""
    languages: tuple[str, ...] = ("en",)


class RouteAsk(Struct, frozen=True):
    """One burst of a shopper, with what was recalled for it.

    `active`: the agent whose question is open in this conversation, if any.
    `last`: the agent that spoke last in it, if any; a message without a subject is for that one.
    `embedding`: 384 floats of `text` if recall already made them.
    `passed`: agents of this turn that gave it back, so the best of the others takes it.
    `away`: agents that are not there now. Both stay among `agents`: what a text is about is judged
    by the whole bundle, whoever is left.
    `rules`: the tenant's rules while something is only tried; None: those it has.
    """

    tenant_id: UUID
    text: str
    agents: tuple[AgentCard, ...]
    history: tuple[Speech, ...] = ()
    passages: tuple[Passage, ...] = ()
    active: UUID | None = None
    last: UUID | None = None
    clarified: bool = False
    passed: frozenset[UUID] = frozenset()
    away: frozenset[UUID] = frozenset()
    rules: tuple[Rule, ...] | None = None

    def of_the_others(self) -> "RouteAsk":
        """The same for the agents that are there and have not given it back, and of these for
        those that answer in the text's language. Who is in the talk stays: a short answer shows
        no language."""
        out, talking = self.passed | self.away, (self.active, self.last)
        left = tuple(card for card in self.agents if card.installation_id not in out)
        language = foreign_language(self.text)
        fitting = tuple(
            card for card in left
            if speaks(card.languages, language or ENGLISH)
            or (not language and card.installation_id in talking)
        )  # fmt: skip
        return structs.replace(self, agents=left if language and not fitting else fitting)


class Decision(Struct, frozen=True):
    """Where it goes and why. `label` is the best label even when a person or nobody takes it;
    `confidence` 0..1 calibrated; `question` (what the engine says) only for `clarify` and `reply`,
    which needs no agent; `handoff` (why a person must) only for `person`; `reason` is for
    people."""

    kind: RouteKind
    label: str
    confidence: float
    reason: str
    installation_id: UUID | None = None
    runner_up: str = ""
    intent: str = ""
    question: str = ""
    handoff: HandoffReason = "asked_for_person"
