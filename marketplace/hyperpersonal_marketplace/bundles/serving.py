"""How a bundle serves: its text, and what is installed, as the core's composition. Pure."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from hyperpersonal_core.api import AgentTerms, Composition, Rule, Switch
from hyperpersonal_sdk.bundle import AgentPlace, Bundle
from hyperpersonal_sdk.contract.turns import Voice
from hyperpersonal_sdk.manifest import Manifest


def switch_of(
    bundle: Bundle, manifests: Mapping[str, Manifest], ids: Mapping[str, UUID], off: Iterable[UUID]
) -> Switch:
    """What the core switches to.

    Args:
        bundle: the parsed text.
        manifests: plugin id -> the chosen release's.
        ids: plugin id -> its installation.
        off: installations in whose place others serve.
    """
    agents = tuple(ids[place.plugin] for place in bundle.agents)
    rules = tuple(Rule(rule.when, rule.to) for rule in bundle.rules)
    on = tuple(ids[plugin_id] for plugin_id in manifests)
    return Switch(agents, rules, composition_of(bundle, manifests), on, tuple(off))


def composition_of(bundle: Bundle, manifests: Mapping[str, Manifest]) -> Composition:
    """Hours, languages, fallback and voice, as the core keeps them."""
    voice = bundle.voice
    return Composition(
        {place.plugin: _terms(bundle, place, manifests[place.plugin]) for place in bundle.agents},
        bundle.people_hours,
        tuple(bundle.fallback),
        Voice(voice.name, tuple(voice.tone), voice.greeting, voice.sign_off, tuple(voice.avoid)),
        f"{bundle.id}@{bundle.version}",
    )


def _terms(bundle: Bundle, place: AgentPlace, manifest: Manifest) -> AgentTerms:
    """An agent answers in the languages its place names, else in those of the bundle that its
    publisher says it speaks."""
    spoken = manifest.listing.languages if manifest.listing else ["en"]
    bases = {language.partition("-")[0] for language in bundle.languages}
    shared = [language for language in spoken if language.partition("-")[0] in bases]
    return AgentTerms(bundle.hours_of(place), tuple(place.languages or shared or spoken))
