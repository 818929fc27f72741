"""The smallest set of changes to what was wished for that would make it work.

Whatever would work must change something of every conflict, so conflicts are hit one after the
other, the fewest changes first; to do without something counts as three. Source: Reiter, A theory
of diagnosis from first principles, Artificial Intelligence 32 (1987), hitting-set tree.
"""

import heapq
from collections.abc import Iterator
from typing import Literal

from hyperpersonal_sdk.capabilities import CapabilitySet
from msgspec import Struct, structs

from hyperpersonal_marketplace.bundles.ranges import Range
from hyperpersonal_marketplace.bundles.solver import (
    Conflict,
    Market,
    Option,
    TooHardError,
    Wishes,
    money,
)
from hyperpersonal_marketplace.permissions import in_words

TRIES_MAX = 60
TOO_HARD_MAX = 3  # half a second each
CHANGES_MAX = 4
ANY = Range("*", ())

Kind = Literal["widen", "allow", "pay", "leave_out"]
WEIGHTS: dict[Kind, int] = {"widen": 1, "allow": 1, "pay": 1, "leave_out": 3}


class Change(Struct, frozen=True, order=True):
    """One change. `subject`: a plugin or an interface; empty for the ceilings."""

    kind: Kind
    subject: str = ""


_Try = tuple[int, tuple[Change, ...], Wishes]


class Way(Struct, frozen=True):
    """Changes that together would work, in words, and what would then be chosen."""

    changes: tuple[Change, ...]
    words: tuple[str, ...]
    chosen: tuple[Option, ...]


def smallest(market: Market, wishes: Wishes, conflict: Conflict) -> Way | None:
    """The fewest changes that would work; None when four were not enough or it was too hard."""
    waiting: list[_Try] = []
    _put(waiting, (), wishes, conflict)
    seen: set[frozenset[Change]] = set()
    too_hard = 0
    for _ in range(TRIES_MAX):
        if not waiting or too_hard == TOO_HARD_MAX:
            return None
        _, changes, changed = heapq.heappop(waiting)
        if frozenset(changes) in seen:
            continue
        seen.add(frozenset(changes))
        try:
            found = market.solve(changed)
        except TooHardError:
            too_hard += 1
            continue
        if isinstance(found, list):
            return _way(market, wishes, changes, found)
        if len(changes) < CHANGES_MAX:
            _put(waiting, changes, changed, found)
    return None


def _put(
    waiting: list[_Try], changes: tuple[Change, ...], wishes: Wishes, conflict: Conflict
) -> None:
    """Try each further change that takes something out of this conflict; the lightest first."""
    for change in _could(wishes, conflict):
        more = (*changes, change)
        weight = sum(WEIGHTS[one.kind] for one in more)
        heapq.heappush(waiting, (weight, more, _changed(wishes, change)))


def _could(wishes: Wishes, conflict: Conflict) -> Iterator[Change]:
    """Each change that takes something out of a conflict, the gentlest first."""
    for plugin_id in conflict.plugins:
        if wishes.plugins[plugin_id].text != ANY.text:
            yield Change("widen", plugin_id)
    if conflict.ceiling:
        yield Change("allow")
    if conflict.price:
        yield Change("pay")
    for subject in (*conflict.plugins, *conflict.interfaces):
        yield Change("leave_out", subject)


def _changed(wishes: Wishes, change: Change) -> Wishes:
    if change.kind == "allow":
        return structs.replace(wishes, ceiling=None)
    if change.kind == "pay":
        return structs.replace(wishes, price_max=None)
    if change.kind == "widen":
        return structs.replace(wishes, plugins={**wishes.plugins, change.subject: ANY})
    return structs.replace(
        wishes,
        plugins={p: wanted for p, wanted in wishes.plugins.items() if p != change.subject},
        interfaces=tuple(name for name in wishes.interfaces if name != change.subject),
    )


def _way(
    market: Market, wishes: Wishes, changes: tuple[Change, ...], found: list[Option]
) -> Way | None:
    if Change("pay") in changes:
        found = _cheapest(market, wishes, changes, found)
    words = tuple(_words(change, wishes, found) for change in sorted(changes))
    return Way(tuple(sorted(changes)), words, tuple(found))


def _cheapest(
    market: Market, wishes: Wishes, changes: tuple[Change, ...], found: list[Option]
) -> list[Option]:
    """What works at a low price: the cheapest release of each that fits, not the newest."""
    for change in changes:
        wishes = _changed(wishes, change)
    try:
        cheaper = market.solve(structs.replace(wishes, thrifty=True))
    except TooHardError:
        return found
    return cheaper if isinstance(cheaper, list) else found


def _words(change: Change, wishes: Wishes, found: list[Option]) -> str:
    if change.kind == "leave_out":
        return f"do without {change.subject}"
    if change.kind == "widen":
        version = next(o.version for o in found if o.plugin_id == change.subject)
        wanted = wishes.plugins[change.subject].text
        return f"take {change.subject} {version} (you asked for {wanted})"
    if change.kind == "pay":
        total = sum(option.price for option in found)
        return f"let it cost up to {money(total, wishes.currency)} a month"
    asked = CapabilitySet(right for option in found for right in option.asks)
    beyond = asked.beyond(wishes.ceiling or CapabilitySet()).texts
    return f"also allow: {'; '.join(map(in_words, beyond))}"
