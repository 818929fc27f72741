"""What a tenant's router knows, as numbers: trained on examples, grounded in the articles.

Three witnesses speak: a linear model and the nearest examples (sure where history is dense),
and the nearest article of each agent (sure where people write what no example resembles).
How much history counts grows with how near its nearest example is.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hyperpersonal_core.memory.embedding import Vectors
from hyperpersonal_core.memory.index import KnowledgeIndex, Question
from hyperpersonal_core.routing.examples import Examples
from hyperpersonal_core.routing.linear import softmax, train
from hyperpersonal_core.routing.seed import OUT_OF_SCOPE, SMALLTALK
from hyperpersonal_core.routing.sight import Sight

NEIGHBOURS = 25
GLANCED = 10
SURE_VOTES = 0.98
SURE_LINEAR = 0.8
SURE_NEAR = 0.72
NEIGHBOUR_WARMTH = 0.05


class Blend(Struct, frozen=True):
    """How the witnesses are weighed; fitted on development data (docs/adr/0014)."""

    linear: float = 0.8
    neighbours: float = 1.0
    articles: float = 25.0
    near_article: float = 0.35
    far_example: float = 0.5
    near_example: float = 0.95
    history_least: float = 0.25
    static_share: float = 0.4
    warmth: float = 1.0


class Opinion(Struct, frozen=True):
    """What the model thinks of a batch: one row a text."""

    probabilities: Vectors
    near_example: Vectors
    near_article: Vectors
    neighbour: NDArray[np.int64]
    article: NDArray[np.int64]


class RoutingModel:
    """Gives each text a probability for every label.

    Args:
        labels: all labels; articles of other agents say nothing.
        examples: at least one.
    """

    def __init__(
        self,
        labels: Sequence[str],
        examples: Examples,
        knowledge: KnowledgeIndex,
        blend: Blend | None = None,
    ) -> None:
        self.labels = tuple(labels)
        self.examples = examples
        self.blend = blend or Blend()
        self._knowledge = knowledge
        self._numbers = examples.numbers(labels)
        self._article_rows = _rows_by_label(self.labels, knowledge)
        weight = examples.weights()
        self._log_weight = np.log(np.maximum(weight, 1e-3)) * NEIGHBOUR_WARMTH
        both = np.hstack([examples.deep, examples.static])
        self._linear = train(both, self._numbers, len(labels), weight)
        self._static_linear = train(examples.static, self._numbers, len(labels), weight)

    def glance(self, static: Vectors) -> tuple[Opinion, NDArray[np.bool_]]:
        """The fast stage: an opinion from static vectors alone, and which rows it is sure of.

        Sure is what lies close to history whose nearest examples and linear model all agree.
        """
        near, voted, neighbour = self._neighbours(static @ self.examples.static.T, GLANCED)
        linear = self._static_linear.probabilities(static)
        sure = (voted.max(1) >= SURE_VOTES) & (linear.max(1) >= SURE_LINEAR)
        sure &= (voted.argmax(1) == linear.argmax(1)) & (near >= SURE_NEAR)
        nothing, no_article = np.zeros(len(static), np.float32), np.full(len(static), -1)
        return Opinion(linear, near, nothing, neighbour, no_article), sure

    def judge(self, question: Question) -> Opinion:
        """The full opinion."""
        likeness = question.deep @ self.examples.deep.T
        near, voted, neighbour = self._neighbours(likeness, NEIGHBOURS)
        both = np.hstack([question.deep, question.static])
        linear = self._linear.probabilities(both)
        grounded, passage = self._articles(question)
        scores = self._blended(linear, voted, grounded, near)
        probabilities = softmax(scores / self.blend.warmth)
        return Opinion(probabilities, near, grounded.max(1), neighbour, passage)

    def sight(self, opinion: Opinion, n: int) -> Sight:
        """Row `n` of an opinion in words."""
        passage = int(opinion.article[n])
        return Sight(
            self.labels,
            opinion.probabilities[n],
            float(opinion.near_example[n]),
            float(opinion.near_article[n]),
            self.examples.rows[int(opinion.neighbour[n])],
            self._title(passage) if passage >= 0 else "",
        )

    def _title(self, passage: int) -> str:
        place = int(np.searchsorted(self._knowledge.first, passage, side="right")) - 1
        return self._knowledge.articles[place].title

    def _neighbours(
        self, likeness: Vectors, most: int
    ) -> tuple[Vectors, Vectors, NDArray[np.int64]]:
        """Nearest cosine, votes by label, and the nearest row."""
        count = min(most, likeness.shape[1])
        warm = likeness + self._log_weight
        chosen = np.argpartition(-warm, count - 1, axis=1)[:, :count]
        cosines = np.take_along_axis(warm, chosen, 1)
        power = np.exp((cosines - cosines.max(1, keepdims=True)) / NEIGHBOUR_WARMTH)
        votes = np.zeros((len(likeness), len(self.labels)), np.float32)
        for label in range(len(self.labels)):
            votes[:, label] = (power * (self._numbers[chosen] == label)).sum(1)
        nearest = np.take_along_axis(chosen, cosines.argmax(1)[:, None], 1)[:, 0]
        top = np.take_along_axis(likeness, nearest[:, None], 1)[:, 0]
        return top, votes / votes.sum(1, keepdims=True), nearest

    def _articles(self, question: Question) -> tuple[Vectors, NDArray[np.int64]]:
        """How near each label's nearest passage is (0 if it has none), and the nearest of all."""
        share = self.blend.static_share
        index = self._knowledge
        near = np.zeros((len(question.texts), len(self.labels)), np.float32)
        if not self._article_rows:
            return near, np.full(len(question.texts), -1)
        likeness = (1 - share) * (question.deep @ index.deep.T)
        likeness += share * (question.static @ index.static.T)
        for label, rows in self._article_rows.items():
            near[:, label] = likeness[:, rows].max(1)
        grounded = np.concatenate(list(self._article_rows.values()))
        return near, grounded[likeness[:, grounded].argmax(1)]

    def _blended(
        self, linear: Vectors, voted: Vectors, grounded: Vectors, near: Vectors
    ) -> Vectors:
        blend = self.blend
        span = blend.near_example - blend.far_example
        trust = np.clip((near - blend.far_example) / span, 0, 1)[:, None]
        trust = blend.history_least + (1 - blend.history_least) * trust
        history = blend.linear * np.log(linear + 1e-3) + blend.neighbours * np.log(voted + 0.02)
        evidence = blend.articles * np.maximum(grounded, blend.near_article)
        return np.asarray(history * trust + evidence * (1 - trust), np.float32)


def _rows_by_label(
    labels: tuple[str, ...], knowledge: KnowledgeIndex
) -> dict[int, NDArray[np.int64]]:
    owned: dict[int, list[int]] = {}
    for article in knowledge.articles:
        if article.agent in labels and article.agent not in (OUT_OF_SCOPE, SMALLTALK):
            rows = owned.setdefault(labels.index(article.agent), [])
            rows.extend(range(article.first, article.end))
    return {label: np.array(rows, np.int64) for label, rows in owned.items()}
