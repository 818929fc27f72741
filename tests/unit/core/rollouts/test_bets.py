"""The laws of the sequential test, each over many rollouts at once."""

import math

import numpy as np
import pytest
from hyperpersonal_core.rollouts.bets import Bets
from hypothesis import given, settings
from hypothesis import strategies as st

RUNS = 400
SHARE = 0.25


def played(
    rates: tuple[float, float], conversations: int, seed: int = 3, drift: float = 0.0
) -> tuple[Bets, np.ndarray, np.ndarray]:
    """Bets after so many conversations of one metric at (incumbent's, candidate's) rate; the most
    each bettor ever had. `drift` moves both rates together, with the hour."""
    chance = np.random.default_rng(seed)
    bets = Bets(1, [0.1], (RUNS,))
    worse = fine = np.full((RUNS, 1), -math.inf)
    for number in range(conversations):
        hour = drift * math.sin(number / 50)
        drawn = chance.random(RUNS) < SHARE
        rate = np.where(drawn, rates[1], rates[0]) + hour
        bets.observe(drawn, np.full(RUNS, SHARE), (chance.random(RUNS) < rate)[:, None])
        worse, fine = np.maximum(worse, bets.worse), np.maximum(fine, bets.fine[..., 0])
    return bets, worse, fine


@pytest.mark.parametrize("rates", [(0.1, 0.1), (0.3, 0.2)], ids=["the same", "better"])
def test_that_no_worse_a_candidate_seldom_rings_the_alarm_however_often_one_looks(
    rates: tuple[float, float],
) -> None:
    for drift in (0.0, 0.08):
        _, worse, _ = played(rates, 800, drift=drift)
        assert (worse >= math.log(20)).mean() <= 0.05


def test_that_a_worse_candidate_rings_it() -> None:
    _, worse, _ = played((0.1, 0.3), 800)
    assert (worse >= math.log(20)).mean() >= 0.95


def test_that_a_candidate_worse_by_the_margin_is_seldom_called_fine() -> None:
    _, _, fine = played((0.1, 0.2), 800)
    assert (fine >= math.log(20)).mean() <= 0.05


def test_that_a_candidate_that_is_no_worse_is_called_fine() -> None:
    _, _, fine = played((0.1, 0.1), 2_000)
    assert (fine >= math.log(20)).mean() >= 0.95


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.floats(0.01, 0.9),
            st.tuples(*(st.floats(0, 1, allow_subnormal=False),) * 2),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_that_nobody_is_ruined_and_what_is_kept_goes_on_alike(
    seen: list[tuple[bool, float, tuple[float, float]]],
) -> None:
    whole, first = Bets(2, [0.2, 0.05]), Bets(2, [0.2, 0.05])
    for one in seen:
        whole.observe(*one)
    for one in seen[: len(seen) // 2]:
        first.observe(*one)
    second = Bets(2, [0.2, 0.05]).restore(first.kept())
    for one in seen[len(seen) // 2 :]:
        second.observe(*one)
    assert np.isfinite(whole.worse).all()
    assert np.isfinite(whole.fine).all()
    assert second.kept() == whole.kept()


def test_that_many_rollouts_at_once_are_each_as_one_alone() -> None:
    chance = np.random.default_rng(1)
    many, alone = Bets(3, [0.1], (2,)), [Bets(3, [0.1]) for _ in range(2)]
    for _ in range(50):
        drawn, values = chance.random(2) < SHARE, chance.random((2, 3))
        many.observe(drawn, np.full(2, SHARE), values)
        for place, one in enumerate(alone):
            one.observe(drawn[place], SHARE, values[place])
    for place, one in enumerate(alone):
        assert np.allclose(many.worse[place], one.worse)
        assert np.allclose(many.fine[place], one.fine)
