"""Multinomial logistic regression on dense rows, trained in a second with numpy alone.

Source: Böhning, "Multinomial logistic regression algorithm" (1992): the Hessian is bounded by
X'X/2 for every weight, so one inverse serves all steps; Nesterov's momentum on top.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hyperpersonal_core.memory.embedding import Vectors

STEPS = 25
PENALTY = 0.3


class Linear(Struct, frozen=True):
    """Trained weights: (width + 1) x labels."""

    weights: Vectors

    def probabilities(self, rows: Vectors) -> Vectors:
        """rows x labels, each row sums to 1."""
        return softmax(_with_bias(rows) @ self.weights)


def train(rows: Vectors, labels: NDArray[np.int64], count: int, weight: Vectors) -> Linear:
    """Fit `count` labels.

    Args:
        rows: one unit row an example (or several unit rows side by side).
        labels: 0..count-1, one a row.
        count: how many labels there are.
        weight: how much each example counts.
    """
    padded = _with_bias(rows)
    weighted = padded * weight[:, None]
    bound = weighted.T @ padded / 2
    bound[np.diag_indices_from(bound)] += PENALTY
    step = np.linalg.inv(bound).astype(np.float32)
    truth = np.eye(count, dtype=np.float32)[labels]
    ahead = last = np.zeros((padded.shape[1], count), np.float32)
    momentum = 1.0
    for _ in range(STEPS):
        slope = weighted.T @ (softmax(padded @ ahead) - truth) + PENALTY * ahead
        now = ahead - step @ slope
        grown = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = now + (momentum - 1) / grown * (now - last)
        last, momentum = now, grown
    return Linear(np.asarray(last, np.float32))


def softmax(scores: Vectors) -> Vectors:
    """Each row to probabilities."""
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True), np.float32)


def _with_bias(rows: Vectors) -> Vectors:
    return np.hstack([rows, np.ones((len(rows), 1), np.float32)]).astype(np.float32)
