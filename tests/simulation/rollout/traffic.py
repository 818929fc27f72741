"""Many rollouts at once over made-up traffic, decided by the very bettors that decide on real one.

Exposure is the share of the conversations of the whole planned traffic (N) that met the candidate
before it was undone, those included that began while the deciding one was settling.
"""

import math
from collections.abc import Callable

import numpy as np
from hyperpersonal_core.rollouts.levels import alarm_at, bets_of, fine_at
from hyperpersonal_core.rollouts.values import METRICS, Plan
from msgspec import Struct
from numpy.typing import NDArray

SETTLING = 200  # conversations that begin while one settles
COST, COST_SPREAD = 0.5, 0.2  # c / (c + usual) of a usual conversation, and how it varies
PROMOTED, UNDONE = 1, 2

Marks = Callable[[np.random.Generator, NDArray[np.bool_]], NDArray[np.float64]]


class Ends(Struct, frozen=True):
    """How each run ended (0: it still runs), what it exposed, and after how many conversations."""

    state: NDArray[np.int64]
    exposed: NDArray[np.float64]
    after: NDArray[np.float64]

    def undone_within(self, part: float, of: int) -> int:
        """Runs undone before that part of the traffic met the candidate."""
        return int(((self.state == UNDONE) & (self.exposed < part * of)).sum())


def shop(rates: dict[str, float], worse: str = "", by: float = 0.0) -> Marks:
    """Traffic of a shop with these rates of errors, handoffs and refunds; one metric of the
    candidate is worse by so much."""
    base = np.array([rates[name] for name in METRICS[:3]] + [COST])
    more = np.array([by if name == worse else 0.0 for name in METRICS])
    width = COST * (1 - COST) / COST_SPREAD**2 - 1

    def marks(chance: np.random.Generator, candidate: NDArray[np.bool_]) -> NDArray[np.float64]:
        means = base + more * candidate[:, None]
        events = chance.random((len(candidate), 3)) < means[:, :3]
        cost = chance.beta(means[:, 3] * width, (1 - means[:, 3]) * width)
        return np.concatenate([events.astype(float), cost[:, None]], axis=1)

    return marks


def play(marks: Marks, runs: int, conversations: int, seed: int, plan: Plan | None = None) -> Ends:
    """So many rollouts, each over so many conversations."""
    plan = plan or Plan()
    chance, bets = np.random.default_rng(seed), bets_of(plan, (runs,))
    shares, each = np.array([stage.share for stage in plan.stages]), np.arange(runs)
    stage, state = np.zeros(runs, int), np.zeros(runs, int)
    exposed, after = np.zeros(runs), np.full(runs, float(conversations))
    for number in range(conversations):
        share = shares[stage]
        candidate = chance.random(runs) < share
        bets.observe(candidate, share, marks(chance, candidate))
        going = state == 0
        exposed += candidate & going
        worse = going & (bets.worse >= alarm_at(plan)).any(axis=1)
        fine = going & ~worse & (bets.fine >= fine_at(plan)).all(axis=1)[each, stage]
        exposed[worse] += chance.binomial(SETTLING, share[worse])
        state[worse], state[fine & (stage == len(shares) - 1)] = UNDONE, PROMOTED
        after[going & (state != 0)] = number + 1
        stage = np.minimum(stage + fine, len(shares) - 1)
        if state.all():
            break
    return Ends(state, exposed, after)


def told(name: str, ends: Ends, of: int) -> str:
    """A line for people."""
    runs, quantiles = len(ends.state), np.quantile(ends.exposed, [0.5, 0.95])
    undone, promoted = (ends.state == UNDONE).sum(), (ends.state == PROMOTED).sum()
    return (
        f"{name}: N={of:,}; {undone} of {runs} undone, {ends.undone_within(0.05, of)} of them"
        f" before 5 % met it; {promoted} promoted; exposed {quantiles[0]:.0f} (95 %:"
        f" {math.ceil(quantiles[1])}) conversations; decided after {np.median(ends.after):,.0f}"
    )
