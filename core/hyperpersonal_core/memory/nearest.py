"""The nearest passages of a large tenant, by the database's HNSW index, ordered again by letters.

The index returns neighbours of all tenants in a partition, so it scans on until the tenant's own
are found (`hnsw.iterative_scan`): without it a tenant filter loses up to 7 in 10 neighbours.
"""

from uuid import UUID

import asyncpg
import numpy as np
from hyperpersonal_sdk.contract.turns import Passage

from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.memory.embedding import Vectors
from hyperpersonal_core.memory.index import LETTER_WEIGHT, Question
from hyperpersonal_core.memory.lexical import Lexicon
from hyperpersonal_core.memory.vectors import to_text

CANDIDATES = 60


async def nearest_in_database(
    db: Database, tenant_id: UUID, question: Question, limit: int
) -> list[tuple[Passage, ...]]:
    """The best passage of each of the `limit` nearest articles, for each question."""
    found = []
    async with db.transaction(tenant_id) as connection:
        await connection.execute(
            "set local hnsw.iterative_scan = relaxed_order; set local hnsw.ef_search = 100"
        )
        for text, deep in zip(question.texts, question.deep, strict=True):
            rows = await connection.fetch(_NEAREST, tenant_id, to_text(deep), CANDIDATES)
            found.append(_order(text, rows, limit))
    return found


_NEAREST = """
with near as materialized (
  select id, article_id, heading, body, embedding <=> $2::text::halfvec as distance
    from passages where tenant_id = $1 order by embedding <=> $2::text::halfvec limit $3
)
select near.id, heading, body, distance, external_id, title
  from near join articles a on a.tenant_id = $1 and a.id = near.article_id
"""


def _order(text: str, rows: list[asyncpg.Record], limit: int) -> tuple[Passage, ...]:
    if not rows:
        return ()
    cosines: Vectors = np.array([1.0 - row["distance"] for row in rows], np.float32)
    letters = Lexicon([f"{row['title']} {row['heading']} {row['body']}" for row in rows])
    order = np.argsort(-(cosines + LETTER_WEIGHT * letters.scores(text)), kind="stable")
    best: dict[str, Passage] = {}
    for n in order.tolist():
        row = rows[n]
        score = round(min(1.0, max(0.0, float(cosines[n]))), 4)
        passage = Passage(
            str(row["id"]), row["external_id"], row["title"], row["body"], row["heading"], score
        )
        best.setdefault(passage.article_id, passage)
    return tuple(best.values())[:limit]
