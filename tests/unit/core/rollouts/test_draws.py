"""Which conversations a candidate answers."""

from uuid import UUID

from hyperpersonal_core.installations.canaries import Draw, Step
from hypothesis import given
from hypothesis import strategies as st

TENANT, ROLLOUT = UUID(int=1), UUID(int=9)
STEPS = (Step(1_000, 0.01), Step(2_000, 0.05), Step(3_000, 0.25))


def begun(at_ms: int, number: int) -> UUID:
    """A conversation's id as of then (UUIDv7)."""
    return UUID(int=at_ms << 80 | 7 << 76 | number)


@given(st.integers(0, 4_000), st.integers(0, 2**62), st.integers(1, 3))
def test_that_a_conversation_keeps_its_arm_while_the_share_grows(
    at_ms: int, number: int, stages: int
) -> None:
    place = begun(at_ms, number)
    now = Draw(ROLLOUT, b"seed", STEPS[:stages])
    if at_ms < STEPS[stages - 1].at_ms:
        return  # the newest step is what later conversations meet
    later = [Draw(ROLLOUT, b"seed", (*STEPS[:stages], Step(9_000, 0.5)))]
    assert {one.takes(TENANT, place) for one in later} == {now.takes(TENANT, place)}


def test_that_a_conversation_from_before_the_canary_keeps_the_installed_release() -> None:
    draw = Draw(ROLLOUT, b"seed", (Step(1_000, 0.9),))
    assert not any(draw.takes(TENANT, begun(999, n)) for n in range(1_000))
    assert any(draw.takes(TENANT, begun(1_000, n)) for n in range(10))


def test_that_the_drawn_share_is_the_stages() -> None:
    for step in STEPS:
        draw = Draw(ROLLOUT, b"seed", (step,))
        taken = sum(draw.takes(TENANT, begun(5_000, n)) for n in range(20_000))
        assert abs(taken / 20_000 - step.share) < 4 * (step.share / 20_000) ** 0.5


def test_that_tenants_rollouts_and_seeds_are_drawn_apart() -> None:
    half = (Step(0, 0.5),)
    draws = [Draw(ROLLOUT, b"seed", half), Draw(ROLLOUT, b"other", half)]
    draws.append(Draw(UUID(int=8), b"seed", half))
    arms = [[one.takes(TENANT, begun(1, n)) for n in range(200)] for one in draws]
    arms.append([draws[0].takes(UUID(int=2), begun(1, n)) for n in range(200)])
    assert len({tuple(arm) for arm in arms}) == 4
