"""Who may be chosen now, and who takes what no agent takes. Pure.

Rules:
1. An agent is not chosen outside its hours; what it began is over then, too.
2. The fallback is only for what nobody serves: who asks for a person, a merchant's rule and
   whatever went wrong go to a person, at any hour.
3. Outside people's hours a person is chosen only where nothing else is left; the shopper is told
   when people are back.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import structs

from hyperpersonal_core.composition.values import DECLINE, PERSON, Composition
from hyperpersonal_core.routing.decision import AgentCard, Decision, RouteAsk


async def choose(
    route: Callable[[RouteAsk], Awaitable[Decision]], ask: RouteAsk,
    composition: Composition, at: datetime,
) -> Decision:  # fmt: skip
    """Where a message goes at this instant, among the agents that are there.

    `ask.away` is told from the composition, whatever it says.
    """
    out = away(ask.agents, composition, at)
    decision = await route(structs.replace(ask, away=out))
    return fall_back(decision, ask.agents, ask.passed | out, composition, at)


def away(cards: Sequence[AgentCard], composition: Composition, at: datetime) -> frozenset[UUID]:
    """The agents that are outside their hours."""
    terms = ((card, composition.terms(card.plugin_id).hours) for card in cards)
    return frozenset(
        card.installation_id for card, hours in terms if hours and not hours.is_open(at)
    )


def people_back(composition: Composition, at: datetime) -> str:
    """When people are back, in words; empty while they are there."""
    hours = composition.people
    if hours is None or hours.is_open(at):
        return ""
    opens = hours.opens_at(at)
    return hours.words(opens, at) if opens else "later"


def fall_back(
    decision: Decision, cards: Sequence[AgentCard], out: Collection[UUID],
    composition: Composition, at: datetime,
) -> Decision:  # fmt: skip
    """The decision, or what the tenant wants where it would be a person for lack of an agent.

    `out`: agents that are away or have given it back.
    """
    if decision.kind != "person" or decision.handoff != "not_able":
        return decision
    for number, step in enumerate(composition.fallback):
        last = number == len(composition.fallback) - 1
        found = _step(decision, step, cards, out)
        is_there = last or not people_back(composition, at)
        if found is not None and (found.kind != "person" or is_there):
            return found
    return decision


def _step(
    decision: Decision, step: str, cards: Sequence[AgentCard], out: Collection[UUID]
) -> Decision | None:
    reason = f"{decision.reason}; the bundle's fallback is {step}"
    if step == PERSON:
        return decision
    if step == DECLINE:
        return structs.replace(decision, kind="decline", installation_id=None, reason=reason)
    for card in cards:
        if card.plugin_id == step and card.installation_id not in out:
            return structs.replace(
                decision, kind="agent", installation_id=card.installation_id, reason=reason
            )
    return None
