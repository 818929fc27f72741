"""A set written without reading a rule, blind on its day; the checks were then mended by it.

Every attack is proven here to do its harm when it is granted what it asks, every honest release to
work. What the checks said of them on that day stands in docs/guides/trust.md; here it is held that
what they learnt is not lost. `HP_MARKET_THIRD`: how many attacks, and as many honest pairs, are
tried (300: all, some minutes).
"""

import os
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import pytest
from hyperpersonal_runtime.api import Stage
from hyperpersonal_runtime.testing import default_cache
from security.market.third.corpus import HONEST, THIRD
from security.market.third.judging import judge_attacks, judge_pairs
from security.market.third.making import Honest, Third, happens, told

TRIED = int(os.environ.get("HP_MARKET_THIRD", "2"))
PROVEN = max(TRIED * 4, 12)  # a run takes milliseconds
FLAGGED_LEAST, ALARMS_MOST = 0.95, 0.02
T = TypeVar("T")


def some(every: Sequence[T], count: int) -> list[T]:
    """So many of them, evenly."""
    step = max(1, len(every) // max(1, count))
    return list(every[::step])[:count] if count < len(every) else list(every)


def test_that_there_are_many_of_every_family() -> None:
    families = Counter(one.family for one in THIRD)
    assert len({one.attack.name for one in THIRD}) == len(THIRD) >= 60
    assert len({one.name for one in HONEST}) == len(HONEST) >= 80
    assert min(families.values()) >= 3
    assert sum(bool(one.alarming) for one in HONEST) >= 40


@pytest.mark.timeout(300 + PROVEN)
async def test_that_every_attack_does_harm_and_its_base_does_not() -> None:
    stage = Stage(default_cache())
    try:
        for one in some(THIRD, PROVEN):
            base = one.attack.base
            assert await happens(stage, one.attack.bad, one.harm), one.attack.name
            assert base is None or not await happens(stage, base, one.harm), one.attack.name
    finally:
        await stage.close()


@pytest.mark.timeout(300 + PROVEN)
async def test_that_every_honest_release_works() -> None:
    stage = Stage(default_cache())
    try:
        for one in some(HONEST, PROVEN):
            for files in (one.before, one.after):
                assert "\nok: " in "\n" + await told(stage, files, one.trial), one.name
    finally:
        await stage.close()


@pytest.mark.timeout(300 + 60 * TRIED)
async def test_that_what_was_measured_does_not_fall() -> None:
    attacks: list[Third] = some(THIRD, TRIED)
    pairs: list[Honest] = some(HONEST, TRIED)
    flagged = await judge_attacks(attacks)
    honest = await judge_pairs(pairs)
    assert [one.name for one in (*flagged, *honest) if one.unfinished] == []
    assert sum(bool(one.by) for one in flagged) >= FLAGGED_LEAST * len(flagged) - 1
    assert sum(bool(one.by) for one in honest) <= ALARMS_MOST * len(honest) + 1
