"""What the model saw of one text, in a form a decision can be made of and explained by."""

import numpy as np
from msgspec import Struct

from hyperpersonal_core.memory.embedding import Vectors
from hyperpersonal_core.routing.examples import Example

SHOWN_CHARS_MAX = 80


class Sight(Struct, frozen=True):
    """What the model saw of one text. `neighbour` is the nearest example."""

    labels: tuple[str, ...]
    probabilities: Vectors
    near_example: float
    near_article: float
    neighbour: Example
    article: str = ""

    def ranked(self) -> list[tuple[str, float]]:
        """Labels with their probabilities, most likely first."""
        order = np.argsort(-self.probabilities, kind="stable").tolist()
        return [(self.labels[n], float(self.probabilities[n])) for n in order]

    def because(self) -> str:
        """The nearest example and article, the nearer first."""
        text = self.neighbour.text
        shown = text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 1] + "\u2026"
        example = f"like {shown!r} ({self.neighbour.label}, {self.near_example:.2f})"
        article = f"article {self.article!r} ({self.near_article:.2f})" if self.article else ""
        parts = [example, article]
        if self.near_article > self.near_example:
            parts.reverse()
        return "; ".join(part for part in parts if part)
