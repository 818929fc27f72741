"""A fourth set, measured once as the third was: written without reading a rule, by somebody else.

Every attack is proven here to do its harm when it is granted what it asks, every honest release to
work. What the checks say is a figure and no promise: here it is only held that it does not fall far
below what was measured. `HP_MARKET_FOURTH`: how many attacks, and as many honest pairs, are tried
(300: all, some minutes).
"""

import os
from collections import Counter

import pytest
from hyperpersonal_runtime.api import Stage
from hyperpersonal_runtime.testing import default_cache
from hyperpersonal_sdk import bundle
from security.market.attack import Files
from security.market.fourth.corpus import FOURTH, HONEST
from security.market.third.judging import judge_attacks, judge_pairs
from security.market.third.making import Honest, happens, told
from security.market.third.test_third import some

TRIED = int(os.environ.get("HP_MARKET_FOURTH", "3"))
PROVEN = max(TRIED * 4, 24)  # a run takes milliseconds
FLAGGED_LEAST, ALARMS_MOST = 0.5, 0.4  # measured blind: 0.60 and 0.29; a sample may be unlucky


async def works(stage: Stage, files: Files, one: Honest) -> bool:
    """Whether a release does what it is for; a bundle runs nothing, it is read."""
    if "bundle.toml" in files:
        return bool(bundle.parse(files["bundle.toml"].decode()).agents)
    return "\nok: " in "\n" + await told(stage, files, one.trial)


def test_that_no_family_is_more_than_a_fifth() -> None:
    families = Counter(one.family for one in FOURTH)
    assert len({one.attack.name for one in FOURTH}) == len(FOURTH) >= 100
    assert len({one.name for one in HONEST}) == len(HONEST) >= 80
    assert max(families.values()) * 5 <= len(FOURTH)
    assert sum(bool(one.alarming) for one in HONEST) * 2 >= len(HONEST)


@pytest.mark.timeout(300 + PROVEN)
async def test_that_every_attack_does_harm_and_its_base_does_not() -> None:
    stage = Stage(default_cache())
    try:
        for one in some(FOURTH, PROVEN):
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
                assert await works(stage, files, one), one.name
    finally:
        await stage.close()


@pytest.mark.timeout(300 + 60 * TRIED)
async def test_that_what_was_measured_does_not_fall() -> None:
    flagged = await judge_attacks(some(FOURTH, TRIED))
    honest = await judge_pairs(some(HONEST, TRIED))
    assert [one.name for one in (*flagged, *honest) if one.unfinished] == []
    assert sum(bool(one.by) for one in flagged) >= FLAGGED_LEAST * len(flagged) - 1
    assert sum(bool(one.by) for one in honest) <= ALARMS_MOST * len(honest) + 1
