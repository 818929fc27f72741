"""Which agent answers: the tenant's rules, then a person if asked for, then the open question,
then what the model makes of the text. What asks for nothing, or is not in English, needs no agent;
what has no subject of its own is read with the line before it.

The cheap stage (static vectors) decides what it is sure of; MiniLM is asked about the rest, in
one batch a tenant.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from hyperpersonal_core.memory.embedding import CachedEmbedder
from hyperpersonal_core.memory.index import Question
from hyperpersonal_core.memory.matter import matter_of
from hyperpersonal_core.memory.static import StaticEmbedder
from hyperpersonal_core.routing.decision import Decision, RouteAsk
from hyperpersonal_core.routing.follow import (
    is_answer,
    is_follow_up,
    matter_before,
    says_nothing_alone,
)
from hyperpersonal_core.routing.language import asks_for_person_abroad, foreign_language, speaks
from hyperpersonal_core.routing.model import RoutingModel
from hyperpersonal_core.routing.person import asks_for_person
from hyperpersonal_core.routing.remarks import reply_to
from hyperpersonal_core.routing.rules import Matcher, Rule
from hyperpersonal_core.routing.seed import OUT_OF_SCOPE, SMALLTALK
from hyperpersonal_core.routing.sight import Sight
from hyperpersonal_core.routing.tenant import TenantRouting, TenantRoutings
from hyperpersonal_core.routing.verdict import (
    card_of,
    decide,
    decide_follow_up,
    is_known,
    server_of,
    to_card,
)
from hyperpersonal_core.routing.words import in_english_please

PERSON_LIKENESS = 0.93
ABROAD = 0.6  # sure of the language, not of the matter


class Router:
    """Decides for bursts of shoppers' messages."""

    def __init__(
        self, routings: TenantRoutings, embedder: CachedEmbedder, static: StaticEmbedder
    ) -> None:
        self._routings = routings
        self._embedder = embedder
        self._static = static

    async def decide(self, ask: RouteAsk) -> Decision:
        """`decide_many` for one."""
        return (await self.decide_many([ask]))[0]

    async def decide_many(self, asks: Sequence[RouteAsk]) -> list[Decision]:
        """A decision for each ask, in the order given."""
        decided: dict[int, Decision] = {}
        for (tenant_id, _), mine in _by_bundle(asks).items():
            routing = await self._routings.of(tenant_id)
            chosen = [asks[n] for n in mine]
            model = await routing.model_for(chosen[0].agents)
            others = [ask.of_the_others() for ask in chosen]
            decisions = await self._decide_alike(routing, model, others)
            decided.update(zip(mine, decisions, strict=True))
        return [decided[n] for n in range(len(asks))]

    async def _decide_alike(
        self, routing: TenantRouting, model: RoutingModel, asks: list[RouteAsk]
    ) -> list[Decision]:
        """Asks of one tenant and one bundle."""
        early = [_before_the_model(routing, ask) for ask in asks]
        open_ = [n for n, decision in enumerate(early) if decision is None]
        sights = await self._look(model, [_meant(asks[n]) for n in open_])
        leaning = []
        for n, sight in zip(open_, sights, strict=True):
            early[n] = person = _with_person(asks[n], sight)
            if person is None and _leans(asks[n], sight):
                leaning.append(n)
            elif person is None:
                early[n] = decide(asks[n], sight)
        followed = await self._with_line_before(model, [asks[n] for n in leaning])
        for n, decision in zip(leaning, followed, strict=True):
            early[n] = decision
        return [decision for decision in early if decision is not None]

    async def _with_line_before(self, model: RoutingModel, asks: list[RouteAsk]) -> list[Decision]:
        """Messages without a subject, each understood together with the line before it."""
        sights = await self._look(model, [_with_matter(ask) for ask in asks])
        return [decide_follow_up(*pair) for pair in zip(asks, sights, strict=True)]

    async def _look(self, model: RoutingModel, texts: list[str]) -> list[Sight]:
        if not texts:
            return []
        static = self._static.embed(texts)
        glance, sure = model.glance(static)
        known = self._embedder.known(texts)
        deep = [n for n, text in enumerate(texts) if text in known or not sure[n]]
        seen = {n: model.sight(glance, n) for n in range(len(texts))}
        if deep:
            chosen = [texts[n] for n in deep]
            vectors = await self._embedder.embed_aside(chosen)
            question = Question(chosen, vectors, static[deep])
            judged = await asyncio.to_thread(model.judge, question)
            seen.update({n: model.sight(judged, row) for row, n in enumerate(deep)})
        return [seen[n] for n in range(len(texts))]


def _by_bundle(asks: Sequence[RouteAsk]) -> dict[tuple[UUID, object], list[int]]:
    groups: dict[tuple[UUID, object], list[int]] = {}
    for n, ask in enumerate(asks):
        bundle = tuple((card.installation_id, card.labels) for card in ask.agents)
        groups.setdefault((ask.tenant_id, bundle), []).append(n)
    return groups


def _meant(ask: RouteAsk) -> str:
    """The text to understand: after a clarifying question, with what was said before it."""
    earlier = _said(ask)
    if ask.clarified and earlier and earlier[-1] == ask.text:
        earlier.pop()
    return matter_of(f"{earlier[-1]} {ask.text}" if ask.clarified and earlier else ask.text)


def _said(ask: RouteAsk) -> list[str]:
    return [speech.text for speech in ask.history if speech.source == "contact"]


def _leans(ask: RouteAsk, sight: Sight) -> bool:
    """Whether the text alone says too little, and somebody spoke who may know what it means."""
    if ask.last is None or ask.active or ask.clarified or ask.passed or not _said(ask):
        return False
    return is_follow_up(ask.text) and (says_nothing_alone(ask.text) or not is_known(sight))


def _with_matter(ask: RouteAsk) -> str:
    return matter_of(f"{matter_before(_said(ask))} {ask.text}")


def _before_the_model(routing: TenantRouting, ask: RouteAsk) -> Decision | None:
    rules = routing.rules if ask.rules is None else Matcher(ask.rules)
    rule = rules.match(ask.text)
    if rule and (decision := _by_rule(ask, rule)):
        return decision
    if decision := _abroad(ask):
        return decision
    active = card_of(ask.agents, ask.active)
    if active and is_answer(ask.text) and not asks_for_person(ask.text):
        return to_card(active, active.labels[0], 0.95, f"it answers {active.name}'s open question")
    return None if active or ask.passed else _without_agent(ask)


def _abroad(ask: RouteAsk) -> Decision | None:
    """A text in another language that agents of the bundle answer in. The model reads English
    only, so it goes to who is in the talk, else to the first of them in the merchant's order."""
    language = foreign_language(ask.text)
    speaking = [card for card in ask.agents if language and speaks(card.languages, language)]
    if not speaking:
        return None
    if asks_for_person_abroad(ask.text):
        return Decision("person", "person", 0.95, f"it names a person ({language})")
    card = card_of(speaking, ask.active) or card_of(speaking, ask.last) or speaking[0]
    return to_card(card, card.labels[0], ABROAD, f"it is in {language}, as {card.name} answers")


def _without_agent(ask: RouteAsk) -> Decision | None:
    """What the engine says itself to what no agent can read, or that asks for nothing."""
    if language := foreign_language(ask.text):
        reason = f"it is not in English ({language})"
        if asks_for_person_abroad(ask.text):
            return Decision("person", "person", 0.95, f"{reason} and names a person")
        if ask.clarified:
            return Decision("person", "person", 0.95, f"{reason} again", handoff="not_able")
        return Decision(
            "clarify", "", 0.95, reason, question=in_english_please(language, _spoken(ask))
        )
    said = "" if ask.clarified or asks_for_person(ask.text) else reply_to(ask.text)
    if not said:
        return None
    return Decision("reply", SMALLTALK, 0.95, "it asks for nothing", question=said)


def _spoken(ask: RouteAsk) -> list[str]:
    return list(dict.fromkeys(name for card in ask.agents for name in card.languages)) or ["en"]


def _by_rule(ask: RouteAsk, rule: Rule) -> Decision | None:
    """What the rule says; None when its agent is no longer installed."""
    reason = f"the merchant's rule {rule.pattern!r}"
    if rule.target == "person":
        return Decision("person", "person", 1.0, reason, handoff="rule")
    if rule.target == "decline":
        return Decision("decline", OUT_OF_SCOPE, 1.0, reason)
    for card in ask.agents:
        if rule.target in (card.plugin_id, card.name, *card.labels):
            label = rule.target if rule.target in card.labels else card.labels[0]
            return to_card(card, label, 1.0, reason)
    return None


def _with_person(ask: RouteAsk, sight: Sight) -> Decision | None:
    """A shopper who asks for a person gets one, whatever the matter."""
    likened = sight.neighbour.escalate and sight.near_example >= PERSON_LIKENESS
    if not (asks_for_person(ask.text) or likened):
        return None
    label = next(label for label, _ in sight.ranked() if label not in (OUT_OF_SCOPE, SMALLTALK))
    card = server_of(ask.agents, label)
    installed = card.installation_id if card else None
    return Decision("person", label, 0.95, "the shopper asks for a person", installed)
