"""Planted regressions are undone early; a candidate that is no worse is seldom undone.

`HP_ROLLOUTS` sets how many rollouts each line plays (default 16; the promise is about 100).
"""

import math
import os

import pytest
from simulation.rollout.traffic import PROMOTED, UNDONE, play, shop, told

RUNS = int(os.environ.get("HP_ROLLOUTS", "16"))
LONG = pytest.mark.skipif(RUNS < 100, reason="set HP_ROLLOUTS=100: it plays for minutes")
SHOP = {"errors": 0.02, "handoffs": 0.10, "refunds": 0.01}
# How many conversations a rollout needs so that 5 % of them are enough to see 3 points more: the
# nearer a rate is to a half, the more. Below, what 95 of 100 runs were undone within.
PLANTED = {
    "errors": ("errors", 30_000),  # 2 % -> 5 %
    "refunds": ("refunds", 30_000),  # 1 % -> 4 %
    "cost": ("cost", 60_000),  # 0.50 -> 0.53, a usual conversation 13 % dearer
    "handoffs": ("handoffs", 100_000),  # 10 % -> 13 %
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name", ["errors", *(pytest.param(name, marks=LONG) for name in PLANTED if name != "errors")]
)
def test_that_three_points_more_are_undone_before_a_twentieth_met_them(name: str) -> None:
    metric, traffic = PLANTED[name]
    ends = play(shop(SHOP, metric, 0.03), RUNS, traffic, seed=11)
    print("\n" + told(name, ends, traffic))
    assert ends.undone_within(0.05, traffic) >= math.ceil(0.95 * RUNS)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("worse", "by"),
    [("", 0.0), pytest.param("errors", -0.01, marks=LONG)],
    ids=["the same", "better"],
)
def test_that_a_release_that_is_no_worse_is_promoted_and_seldom_undone(
    worse: str, by: float
) -> None:
    ends = play(shop(SHOP, worse, by), RUNS, 40_000, seed=12)
    print("\n" + told(f"no worse ({by:+.0%} {worse or 'anywhere'})", ends, 40_000))
    assert (ends.state == UNDONE).sum() <= max(1, 0.05 * RUNS)
    assert (ends.state == PROMOTED).sum() >= 0.9 * RUNS


def test_that_a_release_that_always_fails_is_undone_within_a_few_conversations() -> None:
    ends = play(shop(SHOP, "errors", 0.98), RUNS, 10_000, seed=13)
    print("\n" + told("always fails", ends, 10_000))
    assert (ends.state == UNDONE).all()
    assert ends.exposed.max() <= 20
