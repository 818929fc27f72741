"""What a merchant looks at while composing: what serves now, a draft, and who would answer.

Rules:
1. Who would answer is asked of the core's own choice, with a draft's agents, rules and hours in
   place of the tenant's: nothing here knows how agents are chosen.
2. Nothing is kept and nothing is sent.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hyperpersonal_core.api import Bundle as Composed
from hyperpersonal_core.api import (
    Composition,
    Heard,
    Installation,
    Installations,
    Route,
    Rule,
    Rules,
    Scene,
    cast,
    rehearse,
)
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_sdk import bundle_text
from msgspec import Struct, to_builtins

from hyperpersonal_marketplace.bundles import draft
from hyperpersonal_marketplace.bundles.choosing import BundleRefusedError, NoChoice
from hyperpersonal_marketplace.bundles.draft import Draft
from hyperpersonal_marketplace.bundles.lock import Lock
from hyperpersonal_marketplace.bundles.repository import Run
from hyperpersonal_marketplace.bundles.service import Bundles
from hyperpersonal_marketplace.bundles.serving import composition_of
from hyperpersonal_marketplace.bundles.week import Times, times_of

TEXT_CHARS_MAX = 1000


class Serving(Struct, frozen=True):
    """An agent that serves now."""

    plugin_id: str
    title: str
    version: str
    languages: list[str]
    times: Times


class Present(Struct, frozen=True):
    """All that serves a tenant now. `source`: to go on from; `run`: the bundle it came from;
    `stopped`: one that was broken off; `lock` and `signer`: the very releases, and who signed."""

    agents: list[Serving]
    people: Times
    rules: list[Rule]
    fallback: list[str]
    voice: dict[str, Any]
    zone: str
    source: str
    run: Run | None = None
    stopped: Run | None = None
    lock: Lock | None = None
    signer: str = ""


class Answer(Struct, frozen=True):
    """Who would answer. `title`: of the agent; `local`: the moment by the clock on the wall."""

    heard: Heard
    title: str
    local: str


class Composer:
    """Stateless; one a process."""

    def __init__(
        self, bundles: Bundles, installations: Installations, rules: Rules, route: Route,
        clock: Clock,
    ) -> None:  # fmt: skip
        self._bundles = bundles
        self._installations = installations
        self._rules = rules
        self._route = route
        self._clock = clock

    async def present(self, tenant_id: UUID) -> Present:
        """What serves now."""
        composed = await self._installations.bundle(tenant_id)
        rules, now = await self._rules.list(tenant_id), self._clock.now()
        runs = await self._bundles.runs(tenant_id)
        run = next((one for one in runs if one.state == "done"), None)
        lock, signer = await self._lock_of(tenant_id, run)
        composition = composed.composition
        agents = [_serving(composed.installations[card.installation_id], composition, now)
                  for card in composed.cards]  # fmt: skip
        return Present(
            agents, times_of(composition.people, now), rules, list(composition.fallback),
            to_builtins(composition.voice), _zone(composition),
            run.source if run else _begun(agents, rules, composition), run,
            next((one for one in runs if one.state == "running"), None), lock, signer,
        )  # fmt: skip

    def draft(self, source: str, data: Mapping[str, Any] | None = None) -> Draft:
        """A draft's text, parts and faults; of `data` where it is given."""
        now = self._clock.now()
        return draft.of_text(source, now) if data is None else draft.of_data(data, now)

    async def look_inside(
        self, tenant_id: UUID, plugin_id: str, version: str | None = None
    ) -> tuple[Draft, Lock | None, str]:
        """A published bundle, with its lock and who signed that. Raises as `Bundles.published`."""
        source, locked = await self._bundles.published(plugin_id, version)
        lock, signer = await self._bundles.signed_by(tenant_id, source, locked) if locked else (
            None, "")  # fmt: skip
        return self.draft(source), lock, signer

    async def who(
        self, tenant_id: UUID, text: str, at: datetime | None = None, source: str = ""
    ) -> Answer:
        """Who would take a new shopper's first message.

        Args:
            tenant_id: whose shop.
            text: as a shopper writes it, at most 1,000 characters count.
            at: when; naive: by the clock on the wall of the bundle's zone; None: now.
            source: a draft to try; empty: what serves.

        Raises:
            BundleRefusedError: the draft is no bundle (`bad_bundle`) or fits nothing
                (`no_choice`).
        """
        scene, titles, zone = await self._scene(tenant_id, source)
        when = at or self._clock.now()
        when = when if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone))
        heard = await rehearse(self._route, scene, text[:TEXT_CHARS_MAX], when)
        local = f"{when.astimezone(ZoneInfo(zone)):%A %H:%M} ({zone})"
        return Answer(heard, titles.get(heard.plugin_id, heard.plugin_id), local)

    async def _lock_of(self, tenant_id: UUID, run: Run | None) -> tuple[Lock | None, str]:
        """Nothing of a run whose text or lock would not be taken any more."""
        if run is None:
            return None, ""
        try:
            return await self._bundles.signed_by(tenant_id, run.source, run.lock)
        except BundleRefusedError:
            return None, ""

    async def _scene(self, tenant_id: UUID, source: str) -> tuple[Scene, Mapping[str, str], str]:
        if not source:
            composed = await self._installations.bundle(tenant_id)
            scene = Scene(tenant_id, composed.cards, composed.composition)
            return scene, _titles(composed), _zone(composed.composition)
        choice = await self._bundles.look(tenant_id, source)
        if isinstance(choice, NoChoice):
            raise BundleRefusedError("no_choice", "; ".join(choice.conflict))
        bundle = choice.bundle
        manifests = {one.plugin_id: one.manifest for one in choice.chosen}
        composition = composition_of(bundle, manifests)
        agents = {place.plugin: to_builtins(manifests[place.plugin]) for place in bundle.agents}
        rules = tuple(Rule(rule.when, rule.to) for rule in bundle.rules)
        scene = Scene(tenant_id, cast(tenant_id, agents, composition), composition, rules)
        return scene, {name: said.title for name, said in manifests.items()}, bundle.zone


def _serving(agent: Installation, composition: Composition, now: datetime) -> Serving:
    terms = composition.terms(agent.plugin_id)
    times = times_of(terms.hours, now)
    return Serving(agent.plugin_id, agent.title, agent.version, list(terms.languages), times)


def _titles(composed: Composed) -> dict[str, str]:
    return {one.plugin_id: one.title for one in composed.installations.values()}


def _zone(composition: Composition) -> str:
    """Whose wall clock counts; UTC where nobody keeps hours."""
    every = [composition.people, *(terms.hours for terms in composition.agents.values())]
    return next((hours.zone for hours in every if hours is not None), "UTC")


def _begun(agents: list[Serving], rules: list[Rule], composition: Composition) -> str:
    """A first text for a tenant that composed none: what serves, in its order."""
    return bundle_text.write({
        "id": "your_shop/support", "version": "1.0.0", "title": "Our support",
        "description": "Who answers our shoppers.",
        "fallback": list(composition.fallback),
        "agents": [{"plugin": one.plugin_id} for one in agents],
        "rules": [{"when": rule.pattern, "to": rule.target} for rule in rules],
    })  # fmt: skip
