"""The sequential test of a rollout: bets against "the candidate is no worse", and on "not much".

A conversation's arm is drawn by us with a known chance p, so for any metric x in 0..1

    y = (L - p) (x - m),  L = 1 for the candidate, m any guess made before x was seen,

has the mean p (1 - p) (mean of the candidate - mean of the incumbent): at most 0 while the
candidate is no worse, however both drift with the hour. A bettor who stakes l >= 0 of what he has
on each y then owns a nonnegative supermartingale, the product of (1 + l y), that ever reaches 1/a
with chance at most a (Ville): so it may be looked at after every conversation. His mirror image,
who stakes on d p (1 - p) - y, grows rich only where the candidate is worse by less than d.
Stakes are a mixture over a grid, so that no size of effect has to be guessed.

Sources: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B 86
(2024); Lindon and Malek, Anytime-valid inference for multinomial count data, NeurIPS 35 (2022);
Johari et al., Always valid inference, Operations Research 70 (2022).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

STAKES: Numbers = np.geomspace(0.1, 12.8, 8)
STAKE_MAX = 0.9  # of what he has, at worst: nobody is ruined by one conversation
GUESS, GUESS_WEIGHT = 0.1, 10.0  # the mean before anything was seen, as so many conversations
EDGE = 1e-3


class Bets:
    """Bettors on many metrics at once. With `runs`, on many independent rollouts at once, each
    after its own conversations: a simulation runs the very code that decides.

    Args:
        metrics: how many.
        margins: how much worse is still good enough, one bettor each, for every metric.
        runs: how many rollouts; () for one.
    """

    def __init__(self, metrics: int, margins: Sequence[float], runs: tuple[int, ...] = ()) -> None:
        self._margins = np.asarray(margins, dtype=np.float64)
        self._seen = np.zeros((*runs, 1))
        self._sums = np.zeros((*runs, metrics))
        self._logs = np.zeros((*runs, metrics, 1 + len(margins), len(STAKES)))

    def observe(self, candidate: Any, share: Any, values: Any) -> None:
        """One more conversation: whether the candidate had it, with what chance (0 < share < 1),
        and its metrics (0..1 each). Of `runs`, one conversation each."""
        x = np.asarray(values, np.float64)
        self._logs += self._gains(self.means, candidate, share, x)
        self._sums += x
        self._seen += 1

    def observe_all(self, candidate: Any, share: Any, values: Any) -> None:
        """Conversations of one rollout in their order, as if observed one by one, but at once."""
        x = np.asarray(values, np.float64)
        before = (self._sums + np.cumsum(x, axis=0) - x, self._seen + np.arange(len(x))[:, None])
        self._logs += self._gains(_means(*before), candidate, share, x).sum(axis=0)
        self._sums += x.sum(axis=0)
        self._seen += len(x)

    def _gains(self, means: Numbers, candidate: Any, share: Any, x: Numbers) -> Numbers:
        """What each bettor's log grows by, at a conversation or at each of many."""
        p = np.asarray(share, np.float64)[..., None]
        drawn = np.asarray(candidate, np.float64)[..., None]
        m = np.clip(means, EDGE, 1 - EDGE)
        y, spread = (drawn - p) * (x - m), p * (1 - p)
        good = spread[..., None] * self._margins  # what the mirror images are given
        pays = np.concatenate([y[..., None], good - y[..., None]], axis=-1)
        lost = np.maximum((1 - p) * m, p * (1 - m))[..., None]  # the most a y can be below 0
        won = np.maximum((1 - p) * (1 - m), p * m)[..., None]
        worst = np.concatenate([lost, np.maximum(won - good, EDGE)], axis=-1)
        stakes = np.minimum(STAKES, STAKE_MAX / worst[..., None])
        return np.asarray(np.log1p(stakes * pays[..., None]))

    @property
    def means(self) -> Numbers:
        """What is expected of the next conversation, by metric."""
        return _means(self._sums, self._seen)

    @property
    def worse(self) -> Numbers:
        """Log of what the bettor against "no worse" has, of 1 at the start, by metric."""
        return _mixed(self._logs[..., 0, :])

    @property
    def fine(self) -> Numbers:
        """Log of what each mirror image has, by metric and margin."""
        return _mixed(self._logs[..., 1:, :])

    def kept(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {"seen": float(self._seen[0]), "sums": self._sums.tolist(),
                "logs": self._logs.tolist()}  # fmt: skip

    def restore(self, kept: dict[str, Any]) -> "Bets":
        """Go on from what was kept (of one rollout, with as many metrics and margins)."""
        if kept:
            self._seen = np.asarray([kept["seen"]])
            self._sums = np.asarray(kept["sums"])
            self._logs = np.asarray(kept["logs"]).reshape(self._logs.shape)
        return self


def _means(sums: Numbers, seen: Numbers) -> Numbers:
    return np.asarray((sums + GUESS * GUESS_WEIGHT) / (seen + GUESS_WEIGHT))


def _mixed(logs: Numbers) -> Numbers:
    return np.asarray(np.logaddexp.reduce(logs, axis=-1) - np.log(logs.shape[-1]))
