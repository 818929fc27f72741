"""The arithmetic of evaluation: counts in, rates out. Pure; rates of nothing are 0."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from msgspec import Struct


class Rates(Struct, frozen=True):
    """How well a yes/no decision was taken."""

    precision: float
    recall: float
    f1: float


def ratio(part: float, whole: float) -> float:
    """part / whole, 0 if there is nothing, to four places."""
    return round(part / whole, 4) if whole else 0.0


def rates(hits: int, false_alarms: int, misses: int) -> Rates:
    """Precision, recall and F1 of these counts."""
    return Rates(
        ratio(hits, hits + false_alarms),
        ratio(hits, hits + misses),
        ratio(2 * hits, 2 * hits + false_alarms + misses),
    )


def binary(wanted: Sequence[bool], given: Sequence[bool]) -> Rates:
    """Rates of `given` against `wanted`, one pair a case."""
    pairs = Counter(zip(wanted, given, strict=True))
    return rates(pairs[True, True], pairs[False, True], pairs[True, False])


def of_sets(pairs: Iterable[tuple[set[Hashable], set[Hashable]]]) -> Rates:
    """Micro rates of found sets against wanted sets (wanted, found)."""
    hits = false_alarms = misses = 0
    for wanted, found in pairs:
        hits += len(wanted & found)
        false_alarms += len(found - wanted)
        misses += len(wanted - found)
    return rates(hits, false_alarms, misses)


def macro_f1(labels: Iterable[str], wanted: Sequence[str], given: Sequence[str]) -> float:
    """The mean of the F1 of each label that occurs in `wanted`."""
    present = [label for label in labels if label in wanted]
    scores = [
        binary([w == label for w in wanted], [g == label for g in given]).f1 for label in present
    ]
    return ratio(sum(scores), len(scores))


class Ranks(Struct, frozen=True):
    """How high the right answer stood."""

    n: int
    r1: float
    r3: float
    mrr: float


def of_ranks(places: Sequence[int | None]) -> Ranks:
    """From the place (1 = first) of the right answer of each case; None: not found at all."""
    found = [place for place in places if place is not None]
    return Ranks(
        len(places),
        ratio(sum(place <= 1 for place in found), len(places)),
        ratio(sum(place <= 3 for place in found), len(places)),
        ratio(sum(1 / place for place in found), len(places)),
    )
