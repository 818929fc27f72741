"""Who would answer a message: the very steps a turn takes to choose, with nothing sent or kept."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from hyperpersonal_core.composition.choice import away, choose, people_back
from hyperpersonal_core.composition.values import Composition
from hyperpersonal_core.installations.values import Installation, card
from hyperpersonal_core.routing.decision import AgentCard, Decision, RouteAsk
from hyperpersonal_core.routing.language import ENGLISH, foreign_language
from hyperpersonal_core.routing.rules import Rule

Route = Callable[[RouteAsk], Awaitable[Decision]]


class Scene(Struct, frozen=True):
    """What a message meets. `rules` None: those the tenant has."""

    tenant_id: UUID
    cards: tuple[AgentCard, ...]
    composition: Composition
    rules: tuple[Rule, ...] | None = None


class Heard(Struct, frozen=True):
    """Where it would go. `plugin_id` only for an agent; `away`: agents outside their hours;
    `people_back`: in words, empty while people are there; `language` as it was told."""

    decision: Decision
    plugin_id: str
    away: tuple[str, ...]
    people_back: str
    language: str


def cast(
    tenant_id: UUID, agents: Mapping[str, dict[str, Any]], composition: Composition
) -> tuple[AgentCard, ...]:
    """The cards of agents that need not be installed.

    `agents`: plugin id -> manifest (JSON), in order.
    """
    made = (
        Installation(tenant_id, UUID(int=number), name, "", "", "agent", said, (), {}, enabled=True)
        for number, (name, said) in enumerate(agents.items(), 1)
    )
    return tuple(card(one, composition.terms(one.plugin_id)) for one in made)


async def rehearse(route: Route, scene: Scene, text: str, at: datetime) -> Heard:
    """Who would take a new shopper's first message.

    Args:
        route: the router's `decide`.
        scene: the agents and how they serve.
        text: as a shopper writes it.
        at: when (aware).
    """
    ask = RouteAsk(scene.tenant_id, text, scene.cards, rules=scene.rules)
    if not scene.cards:
        decision = Decision("decline", "", 0.0, "no agent is left to ask")
    else:
        decision = await choose(route, ask, scene.composition, at)
    out = away(scene.cards, scene.composition, at)
    found = [c.plugin_id for c in scene.cards if c.installation_id == decision.installation_id]
    return Heard(
        decision,
        found[0] if found and decision.kind == "agent" else "",
        tuple(c.plugin_id for c in scene.cards if c.installation_id in out),
        people_back(scene.composition, at),
        foreign_language(text) or ENGLISH,
    )
