"""Faults of a `bundle.toml` in words: the line, the key, what is wrong, what to write."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import jsonschema
import msgspec

from hyperpersonal_sdk import capabilities, hours
from hyperpersonal_sdk.bundle import BUNDLE_FILE, Bundle, schema
from hyperpersonal_sdk.errors import BadInputError
from hyperpersonal_sdk.toml_faults import (
    PROBLEMS_MAX,
    Fault,
    Path,
    say,
    shape_faults,
    shape_of,
    unseen,
)

WORDS = ("person", "decline")


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def shape_problems(source: str, data: dict[str, Any]) -> list[str]:
    """Where the data is not of the published schema."""
    return shape_faults(BUNDLE_FILE, source, data, _validator())


def meaning_problems(source: str, bundle: Bundle) -> list[str]:
    """Where a well-shaped bundle says something that cannot be."""
    return [say(BUNDLE_FILE, source, path, what) for path, what in _meaning(bundle)]


def faults(data: dict[str, Any]) -> list[Fault]:
    """Everything that is wrong with a bundle's data, each with its place; empty: it is a bundle."""
    return shape_of(data, _validator()) or _meaning(msgspec.convert(data, Bundle))


def _meaning(bundle: Bundle) -> list[Fault]:
    checks = (unseen, _plugins, _hours, _targets, _voice, _ceilings)
    return [fault for check in checks for fault in check(bundle)][:PROBLEMS_MAX]


def _plugins(bundle: Bundle) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, need in enumerate(bundle.needs):
        if (need.plugin is None) == (need.interface is None):
            yield ("needs", number), 'name either a plugin or an interface: plugin = "acme/shop"'
        elif need.interface and need.version != "*":
            yield ("needs", number, "version"), "a range is of a plugin's versions; take it out"
    places = [("agents", number, one.plugin) for number, one in enumerate(bundle.agents)]
    places += [("needs", number, one.plugin) for number, one in enumerate(bundle.needs)
               if one.plugin]  # fmt: skip
    for table, number, plugin in places:
        if plugin in seen:
            yield (table, number, "plugin"), f"{plugin!r} is there twice"
        seen.add(plugin)


def _hours(bundle: Bundle) -> Iterator[Fault]:
    zone = _refused(lambda: hours.parse(bundle.zone, []))
    if zone:
        yield ("zone",), zone
        return
    places: list[tuple[Path, str]] = [
        (("agents", number, "hours"), text)
        for number, place in enumerate(bundle.agents) for text in place.hours
    ]  # fmt: skip
    places += [(("people", "hours"), text) for text in bundle.people.hours]
    for path, text in places:
        if why := _refused(lambda text=text: hours.parse(bundle.zone, [text])):  # type: ignore[misc]
            yield path, why
    for text in bundle.people.closed:
        if why := _refused(lambda text=text: hours.parse(bundle.zone, [], [text])):  # type: ignore[misc]
            yield ("people", "closed"), why


def _targets(bundle: Bundle) -> Iterator[Fault]:
    agents = {place.plugin for place in bundle.agents}
    known = ", ".join(sorted(agents))
    for number, rule in enumerate(bundle.rules):
        if "/" in rule.to and rule.to not in agents:
            yield ("rules", number, "to"), f"{rule.to!r} is no agent of this bundle; it has {known}"
    for number, step in enumerate(bundle.fallback):
        if step not in agents and step not in WORDS:
            what = f"{step!r} is neither `person`, `decline` nor an agent of this bundle ({known})"
            yield ("fallback", number), what
        elif step in bundle.fallback[:number]:
            yield ("fallback", number), f"{step!r} is there twice"
    if "decline" in bundle.fallback[:-1]:
        yield ("fallback",), "nobody comes after `decline`; put it last"


def _voice(bundle: Bundle) -> Iterator[Fault]:
    """Its own words hold to what it asks of others."""
    voice = bundle.voice
    for key in ("greeting", "sign_off", "name"):
        said = getattr(voice, key).casefold()
        for phrase in voice.avoid:
            if phrase.casefold() in said:
                yield ("voice", key), f"says {phrase!r}, which is to be avoided"


def _ceilings(bundle: Bundle) -> Iterator[Fault]:
    for number, text in enumerate(bundle.ceilings.capabilities or ()):
        if why := _refused(lambda text=text: capabilities.parse(text)):  # type: ignore[misc]
            yield ("ceilings", "capabilities", number), why


def _refused(attempt: Callable[[], object]) -> str:
    """What is wrong with it; empty when nothing is."""
    try:
        attempt()
    except BadInputError as error:
        return str(error)
    return ""
