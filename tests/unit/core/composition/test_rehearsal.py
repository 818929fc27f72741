"""Who would answer: the same choice as a turn's, of what serves and of what is only tried."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from fakes.understanding import new_tenant, understand
from hyperpersonal_core.composition.rehearsal import Heard, Scene, cast, rehearse
from hyperpersonal_core.composition.values import AgentTerms, Composition
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.routing.decision import Decision, RouteAsk
from hyperpersonal_core.routing.rules import Rule
from hyperpersonal_sdk.hours import parse
from msgspec import structs

TENANT = UUID(int=1)
OFFICE = parse("UTC", ["mon-fri 09:00-17:00"])
DAY, NIGHT = datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 23, 20, tzinfo=UTC)
AGENTS = {
    "acme/orders": {"agent": {"labels": ["order"]}},
    "acme/gifts": {"agent": {"labels": ["gifts"]}},
}
TERMS = {"acme/orders": AgentTerms(OFFICE), "acme/gifts": AgentTerms(None, ("de", "en"))}


def scene(*rules: Rule, fallback: tuple[str, ...] = ("person",)) -> Scene:
    composition = Composition(TERMS, OFFICE, fallback)
    return Scene(TENANT, cast(TENANT, AGENTS, composition), composition, rules)


async def to_first(ask: RouteAsk) -> Decision:
    """A router that takes the first agent that is there."""
    left = [card for card in ask.agents if card.installation_id not in ask.away]
    if not left:
        return Decision("person", "order", 0.5, "nobody is there", handoff="not_able")
    return Decision("agent", left[0].labels[0], 0.9, "it is the first", left[0].installation_id)


async def heard(text: str, at: datetime, where: Scene) -> Heard:
    return await rehearse(to_first, where, text, at)


async def test_that_hours_decide_as_in_a_turn() -> None:
    day, night = await heard("Hello", DAY, scene()), await heard("Hello", NIGHT, scene())
    assert (day.plugin_id, day.away, day.people_back) == ("acme/orders", (), "")
    assert (night.plugin_id, night.away) == ("acme/gifts", ("acme/orders",))
    assert night.people_back == "tomorrow at 09:00 (UTC)"
    assert (await heard("Wo ist meine Bestellung?", DAY, scene())).language == "de"


async def test_that_nobody_there_means_the_fallback() -> None:
    composition = Composition({name: AgentTerms(OFFICE) for name in AGENTS}, None, ("decline",))
    where = Scene(TENANT, cast(TENANT, AGENTS, composition), composition)
    told = await heard("Hello", NIGHT, where)
    assert (told.decision.kind, told.plugin_id) == ("decline", "")
    assert "fallback is decline" in told.decision.reason
    nobody = Scene(TENANT, (), Composition())
    assert (await heard("Hello", DAY, nobody)).decision.reason == "no agent is left to ask"


@pytest.mark.slow
async def test_that_a_draft_is_tried_with_its_own_rules_and_the_tenants_stay(db: Database) -> None:
    mind, tenant = understand(db), await new_tenant(db, "fernhill")
    await mind.rules.replace(tenant, [Rule("present", "person")])
    mine = structs.replace(scene(Rule("present", "acme/gifts")), tenant_id=tenant)
    tried = await rehearse(mind.router.decide, mine, "a present for my aunt", NIGHT)
    assert (tried.plugin_id, tried.decision.confidence) == ("acme/gifts", 1.0)
    kept = structs.replace(mine, rules=None)
    ruled = await rehearse(mind.router.decide, kept, "a present for my aunt", NIGHT)
    assert ruled.decision.kind == "person"
    assert "the merchant's rule 'present'" in ruled.decision.reason
