"""Labelled examples in memory: text, label and both vectors, from all their sources."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hyperpersonal_core.memory.embedding import Vectors


class Example(Struct, frozen=True):
    """One labelled text. `weight`: how much its source counts (history 1).

    `escalate`: whoever wrote it asked for a person."""

    text: str
    label: str
    intent: str = ""
    weight: float = 1.0
    escalate: bool = False


class Examples(Struct, frozen=True):
    """Examples with their vectors, one row each."""

    rows: Sequence[Example]
    deep: Vectors
    static: Vectors

    def __add__(self, other: "Examples") -> "Examples":
        return Examples(
            (*self.rows, *other.rows),
            np.vstack([self.deep, other.deep]),
            np.vstack([self.static, other.static]),
        )

    def numbers(self, labels: Sequence[str]) -> NDArray[np.int64]:
        """Each row's label as its place in `labels`."""
        place = {label: n for n, label in enumerate(labels)}
        return np.array([place[row.label] for row in self.rows], np.int64)

    def weights(self) -> Vectors:
        """Each row's weight."""
        return np.array([row.weight for row in self.rows], np.float32)
