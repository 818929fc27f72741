from typing import Any
from uuid import UUID, uuid4

import pytest
from fakes.understanding import POLICY, cards, new_tenant, understand
from hyperpersonal_core.api import (
    AgentCard,
    Decision,
    Labelled,
    RouteAsk,
    Rule,
    Understanding,
)
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.routing.model import RoutingModel
from hyperpersonal_sdk.contract.turns import Speech
from msgspec import structs

AGENTS = cards()


class Shop:
    """One tenant and its router."""

    def __init__(self, tenant: UUID, services: Understanding) -> None:
        self.tenant = tenant
        self.services = services

    async def decide(self, text: str, agents: tuple[AgentCard, ...] = AGENTS) -> Decision:
        return await self.services.router.decide(RouteAsk(self.tenant, text, agents))


@pytest.fixture
async def shop(db: Database) -> Shop:
    services = understand(db)
    tenant = await new_tenant(db, "shop")
    await services.knowledge.import_documents(tenant, POLICY)
    return Shop(tenant, services)


def _agent(label: str) -> AgentCard:
    return next(card for card in AGENTS if label in card.labels)


async def test_that_a_new_merchant_is_routed_by_articles_and_general_knowledge(shop: Shop) -> None:
    for text, label in {
        "Hi, can you tell me where my package is? Jane Doe": "order",
        "i want to send the shoes back, they are too small": "return",
        "my discount code says it was used already": "billing",
        "is there a warranty on this watch": "product",
        "thanks a lot!": "smalltalk",
    }.items():
        decision = await shop.decide(text)
        assert (decision.kind, decision.label) == ("agent", label), text
        assert decision.installation_id == _agent(label).installation_id
        assert decision.reason
        assert 0 < decision.confidence <= 1


async def test_that_what_no_shop_answers_is_declined(shop: Shop) -> None:
    decision = await shop.decide("what's the weather going to be tomorrow?")
    assert (decision.kind, decision.label) == ("decline", "out_of_scope")
    assert decision.installation_id is None


async def test_that_a_person_is_given_to_who_asks_for_one(shop: Shop) -> None:
    decision = await shop.decide("my refund is late, let me talk to a human")
    assert (decision.kind, decision.label) == ("person", "return")


async def test_that_a_vague_message_is_asked_about_once(shop: Shop) -> None:
    ask = RouteAsk(shop.tenant, "I have a problem with my order", AGENTS)
    first = await shop.services.router.decide(ask)
    assert first.kind == "clarify"
    assert {first.label, first.runner_up} == {"order", "return"}
    assert first.question.endswith("?")
    said = (Speech("contact", ask.text), Speech("agent", first.question))
    for text in ("I have a problem with my order", "it came broken"):
        again = RouteAsk(shop.tenant, text, AGENTS, said, clarified=True)
        assert (await shop.services.router.decide(again)).kind == "agent"


async def test_that_an_answer_stays_with_the_agent_that_asked(shop: Shop) -> None:
    active = _agent("return")
    for text in ("yes please", "W1234567", "Jane Doe", "the large one", "thanks"):
        ask = RouteAsk(shop.tenant, text, AGENTS, active=active.installation_id)
        assert (await shop.services.router.decide(ask)).installation_id == active.installation_id


async def test_that_a_clear_new_matter_leaves_the_agent_that_asked(shop: Shop) -> None:
    active = _agent("return").installation_id
    ask = RouteAsk(shop.tenant, "where is my order", AGENTS, active=active)
    assert (await shop.services.router.decide(ask)).label == "order"
    ask = RouteAsk(shop.tenant, "i want to talk to a person", AGENTS, active=active)
    assert (await shop.services.router.decide(ask)).kind == "person"


async def test_that_the_merchants_rules_come_first(shop: Shop) -> None:
    rules = [
        Rule("wholesale", "person"),
        Rule("/crypto|bitcoin/", "decline"),
        Rule("where order", "billing"),
        Rule("gone", "no_such_agent"),
    ]
    await shop.services.rules.replace(shop.tenant, rules)
    assert await shop.services.rules.list(shop.tenant) == rules
    assert (await shop.decide("wholesale prices?")).kind == "person"
    assert (await shop.decide("do you take Bitcoin?")).kind == "decline"
    decision = await shop.decide("where is my order")
    assert (decision.label, decision.confidence) == ("billing", 1.0)
    assert (await shop.decide("where has my parcel gone")).label == "order"
    await shop.services.rules.replace(shop.tenant, [])
    assert (await shop.decide("where is my order")).label == "order"


async def test_that_imported_history_teaches_and_is_replaced_whole(shop: Shop) -> None:
    text = "can you engrave the ring"
    rows = [Labelled(f"{text} {n}", "order", "engraving") for n in ("please", "for me", "today")]
    assert await shop.services.history.replace(shop.tenant, [*rows, rows[0]]) == 3
    taught = await shop.decide(text)
    assert (taught.label, taught.intent) == ("order", "engraving")
    rows = [Labelled(row.text, "product", "custom", escalate=True) for row in rows]
    await shop.services.history.replace(shop.tenant, rows)
    assert (await shop.decide(f"{text} please")).kind == "person"
    assert await shop.services.history.replace(shop.tenant, []) == 0
    assert (await shop.decide(f"{text} please")).kind in ("agent", "clarify")


async def test_that_a_manifests_examples_count(shop: Shop) -> None:
    texts = ("wrap it as a present", "add gift paper", "put a bow on it")
    wrapping = AgentCard(uuid4(), "wrapper", ("gift_wrapping",), {"gift_wrapping": texts})
    decision = await shop.decide("please wrap my order as a present", (*AGENTS, wrapping))
    assert (decision.label, decision.installation_id) == ("gift_wrapping", wrapping.installation_id)


async def test_that_a_matter_nobody_serves_goes_to_a_person(shop: Shop) -> None:
    rows = [
        Labelled(text, "billing") for text in ("charged twice", "double charge", "billed twice")
    ]
    await shop.services.history.replace(shop.tenant, rows)
    decision = await shop.decide("i was charged twice", cards("order", "return"))
    assert (decision.kind, decision.label) == ("person", "billing")
    assert "no installed agent serves billing" in decision.reason


async def test_that_what_an_agent_gave_back_goes_to_the_best_of_the_others(shop: Shop) -> None:
    (returns,) = (card for card in AGENTS if "return" in card.labels)
    passed = frozenset({returns.installation_id})
    ask = RouteAsk(shop.tenant, "i want to send the shoes back", AGENTS, passed=passed)
    decision = await shop.services.router.decide(ask)
    assert decision.kind == "agent"
    assert decision.installation_id in {card.installation_id for card in AGENTS} - passed


async def test_that_asking_the_others_trains_no_model_anew(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[str] = []

    class Counted(RoutingModel):
        def __init__(self, *given: Any) -> None:
            trained.append("once")
            super().__init__(*given)

    monkeypatch.setattr("hyperpersonal_core.routing.tenant.RoutingModel", Counted)
    for passed in (frozenset[UUID](), *(frozenset({card.installation_id}) for card in AGENTS)):
        ask = RouteAsk(shop.tenant, "i want to send the shoes back", AGENTS, passed=passed)
        assert (await shop.services.router.decide(ask)).installation_id not in passed
    assert trained == ["once"]


async def test_that_a_batch_is_answered_in_order_and_tenants_apart(
    shop: Shop, db: Database
) -> None:
    other = await new_tenant(db, "other")
    await shop.services.rules.replace(other, [Rule("order", "decline")])
    asks = [
        RouteAsk(shop.tenant, "where is my order", AGENTS),
        RouteAsk(other, "where is my order", AGENTS),
        RouteAsk(shop.tenant, "is there a warranty on the watch", cards("product", "order")),
        RouteAsk(shop.tenant, "", AGENTS),
    ]
    given = await shop.services.router.decide_many(asks)
    assert [(d.kind, d.label) for d in given[:3]] == [
        ("agent", "order"),
        ("decline", "out_of_scope"),
        ("agent", "product"),
    ]
    assert given[2].installation_id == asks[2].agents[0].installation_id
    assert given[3].kind == "reply"
    assert await shop.services.router.decide_many([]) == []


async def test_that_an_order_number_needs_no_question(shop: Shop) -> None:
    for text in ("wheres my ordr W1000001", "I have a problem with my order W1000001"):
        decision = await shop.decide(text)
        assert (decision.kind, decision.label) == ("agent", "order"), text
    assert (await shop.decide("I have a problem with my order")).kind == "clarify"


async def test_that_a_follow_up_stays_with_who_spoke_last(shop: Shop) -> None:
    said = (Speech("contact", "when do i get my refund"), Speech("agent", "Within five days."))
    last = _agent("return")
    for text in ("how long does it take", "and by paypal?"):
        ask = RouteAsk(shop.tenant, text, AGENTS, said, last=last.installation_id)
        assert (await shop.services.router.decide(ask)).installation_id == last.installation_id
    for text in ("where is my order", "is this jacket waterproof?"):
        ask = RouteAsk(shop.tenant, text, AGENTS, said, last=last.installation_id)
        assert (await shop.services.router.decide(ask)).installation_id != last.installation_id


async def test_that_another_language_is_told_so_once_and_then_gets_a_person(shop: Shop) -> None:
    text = "Wo ist meine Bestellung? Ich habe nichts bekommen"
    told = await shop.decide(text)
    assert (told.kind, "Englisch" in told.question) == ("clarify", True)
    again = RouteAsk(shop.tenant, text, AGENTS, clarified=True)
    second = await shop.services.router.decide(again)
    assert (second.kind, second.handoff) == ("person", "not_able")
    asked = await shop.decide("je veux parler \u00e0 un humain")
    assert (asked.kind, asked.handoff) == ("person", "asked_for_person")


GERMAN = "Wo ist meine Bestellung? Ich habe nichts bekommen"


async def test_that_an_agent_is_asked_only_in_languages_it_answers_in(shop: Shop) -> None:
    both = structs.replace(_agent("return"), languages=("en", "de-AT"))
    other = structs.replace(_agent("order"), languages=("fr",))
    agents = (other, both, _agent("product"))
    taken = await shop.decide(GERMAN, agents)
    assert (taken.kind, taken.installation_id) == ("agent", both.installation_id)
    asked = RouteAsk(shop.tenant, GERMAN, agents, passed=frozenset([both.installation_id]))
    told = await shop.services.router.decide(asked)
    assert told.installation_id is None, "nobody else answers in German"
    english = await shop.decide("where is my order", agents)
    assert english.installation_id != other.installation_id
    spanish = await shop.decide("\u00bfPuedo devolver un art\u00edculo?", agents)
    assert "in French, English or German" in spanish.question
    person = await shop.decide("Ich m\u00f6chte mit einem Menschen sprechen", agents)
    assert (person.kind, person.handoff) == ("person", "asked_for_person")


async def test_that_who_is_in_the_talk_stays_though_a_short_answer_shows_no_language(
    shop: Shop,
) -> None:
    french = structs.replace(_agent("return"), languages=("fr",))
    agents = (_agent("order"), french)
    ask = RouteAsk(shop.tenant, "oui", agents, active=french.installation_id)
    assert (await shop.services.router.decide(ask)).installation_id == french.installation_id


async def test_that_who_is_away_is_not_chosen_but_what_it_serves_is_known(shop: Shop) -> None:
    away = frozenset([_agent("order").installation_id])
    ask = RouteAsk(shop.tenant, "where is my order", AGENTS, away=away)
    found = await shop.services.router.decide(ask)
    assert found.installation_id not in away
    assert (found.kind, found.label, found.handoff) == ("person", "order", "not_able")


async def test_that_a_rule_may_name_an_agent_by_its_whole_id(shop: Shop) -> None:
    named = structs.replace(_agent("product"), plugin_id="acme/things")
    await shop.services.rules.replace(shop.tenant, [Rule("tent", "acme/things")])
    found = await shop.decide("the tent please", (_agent("order"), named))
    assert (found.kind, found.installation_id) == ("agent", named.installation_id)


async def test_that_what_asks_for_nothing_is_answered_by_us_unless_it_answers(shop: Shop) -> None:
    assert (await shop.decide("?")).kind == "reply"
    ask = RouteAsk(shop.tenant, "yes", AGENTS, active=_agent("return").installation_id)
    assert (await shop.services.router.decide(ask)).kind == "agent"


async def test_that_a_decline_is_as_sure_as_it_knows_the_matter(shop: Shop) -> None:
    known = await shop.decide("what's the weather tomorrow")
    far = await shop.decide("are you hiring?")
    assert known.kind == "decline"
    assert known.confidence > 0.9
    assert far.kind != "decline" or far.confidence < known.confidence


async def test_that_of_two_as_likely_the_one_that_spoke_last_goes_on(shop: Shop) -> None:
    said = (Speech("contact", "how do returns work"), Speech("agent", "Within 30 days."))
    text = "great, and what if the size is wrong"
    ask = RouteAsk(shop.tenant, text, AGENTS, said, last=_agent("return").installation_id)
    assert (await shop.services.router.decide(ask)).installation_id == ask.last
    vague = RouteAsk(shop.tenant, "I have a problem with my order", AGENTS, said, last=ask.last)
    assert (await shop.services.router.decide(vague)).kind == "clarify"
