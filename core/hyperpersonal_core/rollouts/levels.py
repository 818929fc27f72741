"""From which evidence on a rollout is undone, and goes on."""

import math

from hyperpersonal_core.rollouts.bets import Bets
from hyperpersonal_core.rollouts.values import METRICS, Plan


def bets_of(plan: Plan, runs: tuple[int, ...] = ()) -> Bets:
    """The bettors of a plan: one a metric that it is worse, one a metric and stage that it is
    not by more than the stage allows."""
    return Bets(len(METRICS), [stage.margin for stage in plan.stages], runs)


def told_worse(bets: Bets, plan: Plan) -> list[str]:
    """The metrics whose alarm rings: each at its part of the level, so that all together ring
    falsely with a chance of at most the level, whenever one looks (union bound)."""
    return [m for m, has in zip(METRICS, bets.worse, strict=True) if has >= alarm_at(plan)]


def told_fine(bets: Bets, plan: Plan, stage: int) -> bool:
    """Whether the candidate is shown to be worse by less than the stage's margin, in every metric:
    each at the whole level, since all of them have to be wrong."""
    return bool((bets.fine[..., stage] >= fine_at(plan)).all())


def alarm_at(plan: Plan) -> float:
    """What an alarm's bettor must have (log)."""
    return math.log(len(METRICS) / plan.level)


def fine_at(plan: Plan) -> float:
    """What a bettor on "worse by less" must have (log)."""
    return math.log(1 / plan.level)
