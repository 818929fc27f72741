"""The sequential test of a rollout for people to look at: how near each metric is to an alarm and
to going on, and between which bounds the difference lies.

The bounds are those of the bets themselves. There is a bettor on "worse by less than d" for any d:
the least d at which one has won is the upper bound, at the level that lets a stage go on; with the
arms exchanged it is the lower one, at the level of an alarm. So an alarm has rung where the lower
bound is 0 or more, and a stage goes on once no upper bound is above its margin. They hold at every
look at once (a confidence sequence). Source: Waudby-Smith and Ramdas, JRSS B 86 (2024).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hyperpersonal_core.rollouts.bets import Bets
from hyperpersonal_core.rollouts.levels import alarm_at, bets_of, fine_at
from hyperpersonal_core.rollouts.values import METRICS, Drawn, Plan, Rollout

POINTS_MAX = 60
CONVERSATIONS_MAX = 50_000  # about a second of one core
_NONE = (0.0,) * len(METRICS)
_FINE = (0.0, 0.005, 0.01, 0.02, 0.03, 0.045, 0.06, 0.08, 0.11, 0.15, 0.2, 0.3, 0.45, 0.7)


class Point(Struct, frozen=True):
    """After so many conversations: for each metric the part of what undoes it (`worse`) and of what
    lets it go on (`fine`) that there is, on a scale of logarithms; 1 is enough."""

    conversations: int
    worse: tuple[float, ...]
    fine: tuple[float, ...]


class Evidence(Struct, frozen=True):
    """`bounds`: for each metric, what the candidate's mean is above the incumbent's at least and at
    most; -1 and 1 where nothing is known. `margin`: of the stage; None: it has none."""

    margin: float | None
    bounds: tuple[tuple[float, float], ...]
    path: tuple[Point, ...]


def evidence(one: Rollout, seen: Sequence[Drawn]) -> Evidence:
    """What conversations, in the order they began, show of a rollout. Pure; takes time in
    proportion to them."""
    plan = one.plan
    margin = plan.stages[one.stage].margin if plan.stages else None
    grid = _grid(plan)
    asked = 0 if margin is None else grid.index(margin)
    there, back = Bets(len(METRICS), grid), Bets(len(METRICS), grid)
    path = [Point(0, _NONE, _NONE)]
    size = max(1, -(-len(seen) // POINTS_MAX))
    for start in range(0, len(seen), size):
        drawn, share, marks = _columns(seen[start : start + size])
        there.observe_all(drawn, share, marks)
        back.observe_all(~drawn, 1 - share, marks)
        path.append(_point(min(start + size, len(seen)), plan, there, asked))
    if one.bets:  # what the judge goes by: it may have met conversations in another order
        path[-1] = _point(int(one.bets["seen"]), plan, bets_of(plan).restore(one.bets), one.stage)
    highest = _least(grid, there.fine >= fine_at(plan))
    lowest = _least(grid, back.fine >= alarm_at(plan))
    bounds = tuple((0.0 - low, high) for low, high in zip(lowest, highest, strict=True))
    return Evidence(margin, bounds, tuple(path))


def _point(conversations: int, plan: Plan, bets: Bets, asked: int) -> Point:
    """`asked`: which of the bettors' margins is the stage's."""
    worse = _part(bets.worse, alarm_at(plan))
    return Point(conversations, worse, _part(bets.fine[:, asked], fine_at(plan)))


def _grid(plan: Plan) -> list[float]:
    """Differences that are asked about, the stages' margins among them."""
    given = {*_FINE, *(stage.margin for stage in plan.stages)}
    return sorted(given | {-one for one in given if one})


def _columns(seen: Sequence[Drawn]) -> tuple[NDArray[np.bool_], Any, Any]:
    return (
        np.array([one.candidate for one in seen], dtype=np.bool_),
        np.array([one.share for one in seen]),
        np.array([one.marks for one in seen]),
    )


def _part(has: Any, needed: float) -> tuple[float, ...]:
    return tuple(float(part) for part in np.clip(has / needed, 0.0, 1.0))


def _least(grid: Sequence[float], won: Any) -> list[float]:
    """The least difference that is shown not to be reached, by metric; 1 where none is."""
    return [grid[int(row.argmax())] if row.any() else 1.0 for row in won]
