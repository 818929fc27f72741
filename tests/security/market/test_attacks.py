"""Re-enacted attacks are named by a check before anybody reviews them; honest releases are not.

`HP_MARKET_ATTACKS` and `HP_MARKET_PAIRS`: how many of either set are judged (all of them take some
minutes). The checks run as the registry runs them: each release in processes of its own, in the
real sandbox. The second set was written before its author had read a check.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.errors import BadInputError
from security.market.attack import Attack
from security.market.corpus import ATTACKS, FAMILIES, SECOND, SECOND_PAIRS
from security.market.judging import Judged, judge_attacks, judge_pairs
from security.market.pairs import Pair, pairs

ATTACKED = int(os.environ.get("HP_MARKET_ATTACKS", "6"))
PAIRED = int(os.environ.get("HP_MARKET_PAIRS", "4"))
SETS = {"first": ATTACKS, "second": SECOND}
T = TypeVar("T")
FLAGGED_LEAST, ALARMS_MOST = 0.95, 0.02


def chosen(things: Sequence[T], count: int) -> list[T]:
    """Some of every page, evenly."""
    step = max(1, len(things) // max(1, count))
    return list(things) if count >= len(things) else list(things[::step])[:count]


def told(judged: list[Judged]) -> str:
    return "\n".join(f"{', '.join(one.by) or 'NOTHING'}: {one.name}" for one in judged)


def test_that_there_are_many_of_either() -> None:
    honest = pairs()
    assert len({one.name for one in ATTACKS}) == len(ATTACKS) >= 30
    assert len(honest) >= 50
    assert {one.kind for one in honest} == {"fix", "feature", "texts", "tidied"}
    assert len({one.name for one in SECOND}) == len(SECOND) >= 60
    assert len({one.name for one in SECOND_PAIRS}) == len(SECOND_PAIRS) >= 60
    assert min(map(len, FAMILIES.values())) >= 10


@pytest.mark.parametrize("one", [*ATTACKS, *SECOND], ids=lambda one: one.name)
def test_that_every_attack_is_one_change_of_something_honest(one: Attack) -> None:
    """The base can be packed, and what is handed in differs from it."""
    if one.base is not None:
        assert hpx.digest_of(one.base) != _digest(one.bad)


def _digest(files: dict[str, bytes]) -> str:
    try:
        return hpx.digest_of(files)
    except BadInputError as error:
        return error.code


@pytest.mark.timeout(300 + 60 * ATTACKED)
@pytest.mark.parametrize("name", SETS)
async def test_that_attacks_are_flagged_before_review(name: str) -> None:
    judged = await judge_attacks(chosen(SETS[name], ATTACKED))
    missed = [one for one in judged if not one.by]
    print(told(judged))
    assert [one.name for one in judged if one.unfinished] == []
    assert len(missed) <= max(1, (1 - FLAGGED_LEAST) * len(judged)), told(missed)


@pytest.mark.timeout(300 + 60 * PAIRED)
@pytest.mark.parametrize("name", SETS)
async def test_that_honest_releases_raise_no_alarm(name: str) -> None:
    honest: list[Pair] = pairs()[:PAIRED] if name == "first" else chosen(SECOND_PAIRS, PAIRED)
    judged = await judge_pairs(honest)
    alarms = [one for one in judged if one.by or one.unfinished]
    words = "\n".join(f"{one.name}: {one.words} {one.unfinished}" for one in alarms)
    assert len(alarms) <= ALARMS_MOST * len(judged), words
