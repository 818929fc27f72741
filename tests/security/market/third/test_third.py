"""A set written without reading a rule, blind on its day; the checks were then mended by it.

Every attack is proven here to do its harm when it is granted what it asks, every honest release to
work. What the checks said of them on that day stands in docs/guides/trust.md; here it is held that
what they learnt is not lost. `HP_MARKET_THIRD`: how many attacks, and as many honest pairs, are
tried (300: all, some minutes).
"""

import os
from collections import Counter

import pytest
from security.market.third.corpus import HONEST, THIRD
from security.market.third.proving import hold, prove_harm, prove_work, some

TRIED = int(os.environ.get("HP_MARKET_THIRD", "2"))
PROVEN = max(TRIED * 4, 12)  # a run takes milliseconds
FLAGGED_LEAST, ALARMS_MOST = 0.95, 0.02


def test_that_there_are_many_of_every_family() -> None:
    families = Counter(one.family for one in THIRD)
    assert len({one.attack.name for one in THIRD}) == len(THIRD) >= 60
    assert len({one.name for one in HONEST}) == len(HONEST) >= 80
    assert min(families.values()) >= 3
    assert sum(bool(one.alarming) for one in HONEST) >= 40


@pytest.mark.timeout(600 + PROVEN)
async def test_that_every_attack_does_harm_and_its_base_does_not() -> None:
    await prove_harm(some(THIRD, PROVEN))


@pytest.mark.timeout(600 + PROVEN)
async def test_that_every_honest_release_works() -> None:
    await prove_work(some(HONEST, PROVEN))


@pytest.mark.timeout(600 + 60 * TRIED)
async def test_that_what_was_measured_does_not_fall() -> None:
    await hold(some(THIRD, TRIED), some(HONEST, TRIED), FLAGGED_LEAST, ALARMS_MOST)
