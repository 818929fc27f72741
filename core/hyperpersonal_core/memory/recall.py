"""What a turn should know: facts about the contact, and the merchant's nearest passages.

Each comes with its provenance. A batch of conversations is answered by one query for facts and
one pass over each tenant's index.
"""

import re
from collections.abc import Sequence
from uuid import UUID

import numpy as np
from hyperpersonal_sdk.contract.turns import Passage

from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.memory.embedding import CachedEmbedder
from hyperpersonal_core.memory.facts import Facts
from hyperpersonal_core.memory.index import KnowledgeIndex, Question
from hyperpersonal_core.memory.loading import KnowledgeIndexes
from hyperpersonal_core.memory.matter import matter_of
from hyperpersonal_core.memory.nearest import nearest_in_database
from hyperpersonal_core.memory.recalled import RecallAsk, Recalled
from hyperpersonal_core.memory.static import StaticEmbedder

PASSAGES_MAX = 20
_TELLING = re.compile(r"[^\W\d_]{3,}")
_ANSWERS = frozenset(
    """yes yep yeah yup sure nope not thanks thank you please okay the
    and""".split()
)


class Recall:
    """Reads memory for turns."""

    def __init__(
        self,
        db: Database,
        embedder: CachedEmbedder,
        static: StaticEmbedder,
        indexes: KnowledgeIndexes,
        facts: Facts,
    ) -> None:
        self._db = db
        self._embedder = embedder
        self._static = static
        self._indexes = indexes
        self._facts = facts

    async def recall(self, ask: RecallAsk) -> Recalled:
        """`recall_many` for one."""
        return (await self.recall_many([ask]))[0]

    async def recall_many(self, asks: Sequence[RecallAsk]) -> list[Recalled]:
        """Facts and passages for each ask, in the order given.

        A text that only answers a question ("yes", a number, an e-mail) gets no passages.
        """
        if not asks:
            return []
        facts = await self._facts.valid_for(asks)
        passages: list[tuple[Passage, ...]] = [()] * len(asks)
        for tenant_id in dict.fromkeys(ask.tenant_id for ask in asks):
            mine = [n for n, ask in enumerate(asks) if ask.tenant_id == tenant_id]
            mine = [n for n in mine if asks[n].passages_max > 0 and worth_a_search(asks[n].text)]
            if mine:
                found = await self.search_many(
                    tenant_id, [asks[n].text for n in mine], PASSAGES_MAX
                )
                for n, nearest in zip(mine, found, strict=True):
                    passages[n] = nearest[: asks[n].passages_max]
        return [Recalled(*pair) for pair in zip(facts, passages, strict=True)]

    async def search_many(
        self, tenant_id: UUID, texts: Sequence[str], limit: int
    ) -> list[tuple[Passage, ...]]:
        """The best passage of each of the `limit` nearest articles, nearest first."""
        index = await self._indexes.of(tenant_id)
        if not (texts and index.articles and limit > 0):
            return [()] * len(texts)
        matters = [matter_of(text) for text in texts]
        deep = await self._embedder.embed_aside(matters)
        question = Question(matters, deep, self._static.embed(matters))
        if not index.complete:
            return await nearest_in_database(self._db, tenant_id, question, limit)
        scores = index.article_scores(question)
        return [_nearest(index, row, one, limit) for row, one in zip(scores, deep, strict=True)]


def worth_a_search(text: str) -> bool:
    """Whether a text says anything an article could be about."""
    words = {word.lower() for word in _TELLING.findall(re.sub(r"\S+@\S+", " ", text))}
    return bool(words - _ANSWERS)


def _nearest(
    index: KnowledgeIndex, scores: np.ndarray, deep: np.ndarray, limit: int
) -> tuple[Passage, ...]:
    found = []
    for n in np.argsort(-scores, kind="stable")[:limit]:
        article = index.articles[n]
        row, cosine = index.best_passage(article, deep)
        passage = index.passages[row]
        found.append(
            Passage(
                id=str(passage.id),
                article_id=article.external_id,
                title=article.title,
                text=passage.body,
                heading=passage.heading,
                score=round(min(1.0, max(0.0, cosine)), 4),
            )
        )
    return tuple(found)
