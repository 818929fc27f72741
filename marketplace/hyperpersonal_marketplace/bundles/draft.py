"""A bundle while it is written: its text, and every fault with its place. Pure."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from hyperpersonal_core.api import Rule, check_rules
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_sdk import bundle_checks, bundle_text
from hyperpersonal_sdk.bundle import BUNDLE_BYTES_MAX, Bundle
from hyperpersonal_sdk.toml_faults import line_of
from msgspec import Struct

from hyperpersonal_marketplace.bundles.week import Times, times_of


class Problem(Struct, frozen=True):
    """What is wrong, where (`["agents", 1, "hours"]`; empty: everywhere), and in which line."""

    path: list[str | int]
    what: str
    line: int = 0


class Draft(Struct, frozen=True):
    """A text and what is said by it. `bundle` None: the text cannot be read at all; `hours` by
    plugin id, and `people`: only of a draft without problems."""

    source: str
    bundle: dict[str, Any] | None
    problems: list[Problem]
    hours: dict[str, Times] = {}
    people: Times | None = None


def of_text(source: str, at: datetime) -> Draft:
    """The draft of a `bundle.toml`, right or wrong. `at`: now, for what is open."""
    if len(source.encode()) > BUNDLE_BYTES_MAX:
        return Draft("", None, [Problem([], f"more than {BUNDLE_BYTES_MAX} bytes")])
    try:
        data = tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Draft(source, None, [Problem([], f"this is not TOML: {error}")])
    return _draft(source, data, at)


def of_data(data: Mapping[str, Any], at: datetime) -> Draft:
    """The draft of a bundle as data, with the text that says it."""
    try:
        source = bundle_text.write(data)
    except (TypeError, RecursionError) as error:
        return Draft("", None, [Problem([], f"this cannot be written: {error}")])
    return of_text(source, at)


def bad_rules(rules: Sequence[Any]) -> list[tuple[list[str | int], str]]:
    """Rules whose pattern the router would refuse, so that nothing is installed for them first."""
    found: list[tuple[list[str | int], str]] = []
    for number, rule in enumerate(rules):
        try:
            check_rules([Rule(rule.when, rule.to)])
        except RefusedError as error:
            found.append((["rules", number, "when"], error.message))
    return found


def _draft(source: str, data: dict[str, Any], at: datetime) -> Draft:
    plain = msgspec.to_builtins(data)  # a date of TOML is told as text
    found = [(list(path), what) for path, what in bundle_checks.faults(data)]
    if found:
        return Draft(source, plain, _placed(source, found))
    bundle = msgspec.convert(data, Bundle)
    found = bad_rules(bundle.rules)
    if found:
        return Draft(source, plain, _placed(source, found))
    hours = {place.plugin: times_of(bundle.hours_of(place), at) for place in bundle.agents}
    return Draft(source, plain, [], hours, times_of(bundle.people_hours, at))


def _placed(source: str, found: Sequence[tuple[list[str | int], str]]) -> list[Problem]:
    return [Problem(path, what, line_of(source, path)) for path, what in found]
