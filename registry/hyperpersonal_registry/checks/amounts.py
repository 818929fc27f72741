"""Numbers and codes that a release hands on otherwise than the one before, in the same call."""

from collections.abc import Iterator
from typing import Any

from hyperpersonal_runtime.api import Trace

from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.requests import leaves, leaving, parsed

_CODES = frozenset({"currency", "currency_code", "country"})


def handed_otherwise(was: Trace, now: Trace, scene: str) -> Iterator[Change]:
    """Of the calls that write or go out of the shop, one by one."""
    pairs = zip(leaving(was), leaving(now), strict=False)
    for one, other in pairs:
        before, after = dict(leaves(parsed(one.request))), dict(leaves(parsed(other.request)))
        if one.name != other.name or before.get("url") != after.get("url"):
            return  # they go different ways from here
        for path, value in before.items():
            name = path.rpartition(".")[2]
            if path in after and after[path] != value and _counts(name, value, after[path]):
                words = f"hands on another {name} than before: {after[path]}, before {value}"
                yield Change("number", words, (name,), scene)


def _counts(name: str, *values: Any) -> bool:
    if name in _CODES:  # written small or large it is the same
        return len({str(one).casefold() for one in values}) > 1
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)
