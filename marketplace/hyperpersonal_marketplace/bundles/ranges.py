"""Version ranges: `^1.2`, `~1.2.3`, `>=1.0 <2.0`, `1.2.3`, `*`.

Pre-releases fit only a range that names one of the same version. Source: semver.org and the ranges
that npm and Cargo share.
"""

import re
from collections.abc import Iterator
from typing import Literal

from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_registry.api import version_key
from msgspec import Struct

RANGE_CHARS_MAX = 100
_NUMBER = r"(0|[1-9]\d{0,8})"
_PART = re.compile(
    rf"(\^|~|>=|<=|>|<|=)?{_NUMBER}(?:\.{_NUMBER}(?:\.{_NUMBER}(-[0-9a-z]+(?:\.[0-9a-z]+)*)?)?)?"
)
_EXAMPLE = "write it like ^1.2, ~1.2.3, '>=1.0 <2.0', 1.2.3 or *"

Numbers = tuple[int, int, int]
Key = tuple[object, ...]


class Bound(Struct, frozen=True):
    """One comparison with a version's key."""

    sign: Literal[">=", "<=", ">", "<", "="]
    key: Key

    def fits(self, key: Key) -> bool:
        """Whether a version with this key is within."""
        known = {">=": key >= self.key, "<=": key <= self.key, ">": key > self.key,
                 "<": key < self.key, "=": key == self.key}  # fmt: skip
        return known[self.sign]


class Range(Struct, frozen=True):
    """Versions that will do: all bounds hold. `early`: versions whose pre-releases it names."""

    text: str
    bounds: tuple[Bound, ...]
    early: frozenset[Numbers] = frozenset()

    def fits(self, version: str) -> bool:
        """Whether a version will do."""
        key = version_key(version)
        if "-" in version and key[:3] not in self.early:
            return False
        return all(bound.fits(key) for bound in self.bounds)


def parse(text: str) -> Range:
    """The range of a text. Raises RefusedError that shows how to write one."""
    words = text.split() if len(text) <= RANGE_CHARS_MAX else []
    if words == ["*"]:
        return Range("*", ())
    found = [_PART.fullmatch(word) for word in words]
    if not words or None in found:
        raise RefusedError(f"{text[:40]!r} is no range of versions; {_EXAMPLE}")
    parts = [match for match in found if match]
    bounds = tuple(bound for match in parts for bound in _bounds(match))
    early = frozenset(_numbers(match) for match in parts if match[5])
    return Range(" ".join(words), bounds, early)


def _bounds(match: re.Match[str]) -> Iterator[Bound]:
    sign, numbers = match[1] or "", _numbers(match)
    low = version_key(".".join(map(str, numbers)) + (match[5] or ""))
    given = sum(part is not None for part in match.group(2, 3, 4))
    if sign in ("", "=") and given == 3:
        yield Bound("=", low)
    elif sign in ("", "=", "~", "^"):
        yield Bound(">=", low)
        yield Bound("<", _floor(_ceiling(sign, numbers, given)))
    elif sign == "<=" and given < 3:
        yield Bound("<", _floor(_raised(numbers, given - 1)))
    elif sign == ">" and given < 3:
        yield Bound(">=", _floor(_raised(numbers, given - 1)))
    elif sign == "<":
        yield Bound("<", _floor(numbers) if not match[5] else low)
    elif sign == ">=":
        yield Bound(">=", low)
    elif sign == "<=":
        yield Bound("<=", low)
    else:
        yield Bound(">", low)


def _ceiling(sign: str, numbers: Numbers, given: int) -> Numbers:
    """The first version that no longer fits `^`, `~` or a shortened version."""
    if sign == "^":
        first = next((at for at in range(given) if numbers[at]), given - 1)
        return _raised(numbers, first)
    return _raised(numbers, min(given - 1, 1) if sign == "~" else given - 1)


def _raised(numbers: Numbers, at: int) -> Numbers:
    major, minor, patch = (n + 1 if place == at else n if place < at else 0
                           for place, n in enumerate(numbers))  # fmt: skip
    return major, minor, patch


def _floor(numbers: Numbers) -> Key:
    """Below every release and pre-release of this version."""
    return (*numbers, -1, ())


def _numbers(match: re.Match[str]) -> Numbers:
    return int(match[2]), int(match[3] or 0), int(match[4] or 0)
