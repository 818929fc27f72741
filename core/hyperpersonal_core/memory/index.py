"""A tenant's knowledge in memory, ranked three ways at once.

Meaning (MiniLM), words (static vectors) and letters (BM25 over letter groups) miss different
things; their sum finds the right article more often than any of them (docs/adr/0013).
"""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hyperpersonal_core.memory.embedding import Vectors
from hyperpersonal_core.memory.lexical import Lexicon

STATIC_WEIGHT = 0.3
LETTER_WEIGHT = 1.0


class ArticleRow(Struct, frozen=True):
    """One article. Its passages are rows `first` to `end` of the index."""

    id: UUID
    external_id: str
    title: str
    agent: str
    first: int
    end: int


class PassageRow(Struct, frozen=True):
    """One passage, in the order of its article."""

    id: UUID
    heading: str
    body: str


class Question(Struct, frozen=True):
    """Texts with both kinds of vectors, one row each."""

    texts: Sequence[str]
    deep: Vectors
    static: Vectors


class KnowledgeIndex:
    """Scores every article of a tenant for a batch of questions.

    Args:
        articles: in the order of their passages, none without a passage.
        deep, static: one unit row a passage.
    """

    def __init__(
        self,
        articles: Sequence[ArticleRow],
        passages: Sequence[PassageRow],
        deep: Vectors,
        static: Vectors,
        *,
        complete: bool = True,
    ) -> None:
        self.articles = articles
        self.passages = passages
        self.deep = deep
        self.static = static
        self.complete = complete
        self.first = np.array([article.first for article in articles], np.int64)
        self._lexicon = Lexicon([self._whole(article) for article in articles])

    def article_scores(self, question: Question) -> NDArray[np.float32]:
        """questions x articles; higher is nearer, comparable within one question."""
        if not self.articles:
            return np.zeros((len(question.texts), 0), np.float32)
        deep = question.deep @ self.deep.T
        nearest = np.maximum.reduceat(deep, self.first, axis=1)
        words = np.maximum.reduceat(question.static @ self.static.T, self.first, axis=1)
        letters = np.stack([self._lexicon.scores(text) for text in question.texts])
        opening = deep[:, self.first]
        return np.asarray(
            (nearest + opening) / 2 + STATIC_WEIGHT * words + LETTER_WEIGHT * letters, np.float32
        )

    def best_passage(self, article: ArticleRow, deep: Vectors) -> tuple[int, float]:
        """The row of the article's passage nearest to one question, and its cosine."""
        cosines = self.deep[article.first : article.end] @ deep
        best = int(cosines.argmax())
        return article.first + best, float(cosines[best])

    def _whole(self, article: ArticleRow) -> str:
        rows = self.passages[article.first : article.end]
        return " ".join([article.title, *(f"{row.heading} {row.body}" for row in rows)])
