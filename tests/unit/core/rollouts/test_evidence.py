"""What people see of the sequential test is what decides."""

import math
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest
from hyperpersonal_core.installations.canaries import Draw, Step
from hyperpersonal_core.rollouts.bets import Bets
from hyperpersonal_core.rollouts.evidence import evidence
from hyperpersonal_core.rollouts.levels import bets_of, told_fine, told_worse
from hyperpersonal_core.rollouts.values import METRICS, Candidate, Drawn, Plan, Rollout, Stage
from hypothesis import given, settings
from hypothesis import strategies as st

PLAN = Plan(0, 0.2, (Stage(0.25, 0.25), Stage(0.5, 0.06)))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY = UUID(int=0)
part = st.floats(0, 1, allow_subnormal=False)
conversations = st.lists(
    st.builds(Drawn, st.booleans(), st.floats(0.05, 0.9), st.tuples(*(part,) * len(METRICS))),
    max_size=60,
)


def rollout(plan: Plan = PLAN, stage: int = 0, **kept: object) -> Rollout:
    return Rollout(
        NOBODY, NOBODY, NOBODY, "acme/hello", "agent", "old", "1.0.0",
        Candidate("2.0.0", "new", {}, ()), plan, "canary", stage,
        Draw(NOBODY, b"", (Step(0, 0.25),)), dict(kept), 10.0, NOW, "", NOW, NOW,
    )  # fmt: skip


def talks(rates: tuple[float, float], count: int, seed: int) -> list[Drawn]:
    """Conversations whose first metric has (incumbent's, candidate's) rate, the others none."""
    chance = np.random.default_rng(seed)
    drawn = chance.random(count) < 0.25
    marks = chance.random(count) < np.where(drawn, rates[1], rates[0])
    return [Drawn(bool(d), 0.25, (float(m), 0.0, 0.0, 0.5))
            for d, m in zip(drawn, marks, strict=True)]  # fmt: skip


def judged(seen: list[Drawn], plan: Plan = PLAN) -> Bets:
    bets = bets_of(plan)
    for one in seen:
        bets.observe(one.candidate, one.share, one.marks)
    return bets


@settings(max_examples=60, deadline=None)
@given(conversations, st.integers(0, 7))
def test_that_many_at_once_are_as_one_by_one(seen: list[Drawn], cut: int) -> None:
    whole, once = judged(seen), bets_of(PLAN)
    for batch in (seen[:cut], seen[cut:]):
        if batch:
            columns = zip(*((d.candidate, d.share, d.marks) for d in batch), strict=True)
            once.observe_all(*columns)
    assert np.allclose(once.worse, whole.worse)
    assert np.allclose(once.fine, whole.fine)
    assert np.allclose(once.means, whole.means)


@settings(max_examples=60, deadline=None)
@given(conversations, st.integers(1, 12), st.integers(0, 1))
def test_that_the_bounds_say_what_the_judge_decides(
    seen: list[Drawn], times: int, stage: int
) -> None:
    seen = seen * times  # so that some of them decide
    bets, shown = judged(seen), evidence(rollout(stage=stage), seen)
    alarms = [m for m, (low, _) in zip(METRICS, shown.bounds, strict=True) if low >= 0]
    assert alarms == told_worse(bets, PLAN)
    assert shown.margin is not None
    fine = all(high <= shown.margin for _, high in shown.bounds)
    assert fine == told_fine(bets, PLAN, stage)
    assert all(low <= high for low, high in shown.bounds)
    assert [p == 1.0 for p in shown.path[-1].worse] == [m in alarms for m in METRICS]


@pytest.mark.parametrize("rates", [(0.1, 0.1), (0.1, 0.2), (0.3, 0.2)])
def test_that_the_bounds_hold_what_is_true(rates: tuple[float, float]) -> None:
    true = rates[1] - rates[0]
    wrong = 0
    for seed in range(60):
        low, high = evidence(rollout(), talks(rates, 1500, seed)).bounds[0]
        wrong += not low <= true <= high
        assert high - low < 0.5, "and are of use"
    assert wrong <= 6  # each misses with a chance of at most 6.25 %


def test_that_the_path_is_short_ends_at_the_judges_word_and_keeps_its_order() -> None:
    seen = talks((0.0, 1.0), 700, 1)
    kept = judged(seen[:40])
    shown = evidence(rollout(**kept.kept()), seen[:40])
    assert [p.conversations for p in shown.path] == list(range(41))
    assert shown.path[0].worse == (0.0,) * 4
    assert shown.path[-1].worse[0] == pytest.approx(min(1.0, kept.worse[0] / math.log(80)))
    long = evidence(rollout(), seen).path
    assert len(long) <= 62
    assert long[-1].conversations == 700
    assert long[-1].worse[0] == 1.0


def test_that_nothing_seen_says_nothing_and_a_shadow_alone_has_no_margin() -> None:
    empty = evidence(rollout(), [])
    assert set(empty.bounds) == {(-1.0, 1.0)}
    assert len(empty.path) == 1
    assert evidence(rollout(Plan(10, 1.0, ())), []).margin is None
