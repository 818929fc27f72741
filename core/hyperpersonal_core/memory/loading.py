"""Loads a tenant's knowledge into memory: all of it while small, else each article's opening."""

import asyncio
from uuid import UUID

import asyncpg

from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.memory.chunks import Chunk, embedded_text
from hyperpersonal_core.memory.index import ArticleRow, KnowledgeIndex, PassageRow
from hyperpersonal_core.memory.static import StaticEmbedder
from hyperpersonal_core.memory.vectors import from_rows
from hyperpersonal_core.memory.versions import Versioned

EXACT_PASSAGES_MAX = 5000
OPENINGS_MAX = 20_000


class KnowledgeIndexes:
    """One `KnowledgeIndex` a tenant, reloaded when the tenant's version grows.

    Args:
        exact_max: passages up to which everything is held and ranked exactly; above it the
            database's HNSW index searches (measured break-even: about 5,000 rows a tenant).
    """

    def __init__(
        self,
        db: Database,
        static: StaticEmbedder,
        *,
        fresh_seconds: float = 1.0,
        exact_max: int = EXACT_PASSAGES_MAX,
    ) -> None:
        self._db = db
        self._static = static
        self._exact_max = exact_max
        self._held = Versioned(db, self._load, fresh_seconds)

    async def of(self, tenant_id: UUID) -> KnowledgeIndex:
        """The tenant's index."""
        return await self._held.of(tenant_id)

    async def _load(self, tenant_id: UUID) -> KnowledgeIndex:
        async with self._db.transaction(tenant_id) as connection:
            count = await connection.fetchval(
                "select count(*) from passages where tenant_id = $1", tenant_id
            )
            complete = count <= self._exact_max
            rows = await connection.fetch(
                "select p.id, p.article_id, p.heading, p.body,"
                " halfvec_send(p.embedding) as embedding, a.external_id, a.title, a.agent"
                " from passages p join articles a using (tenant_id)"
                " where p.tenant_id = $1 and a.id = p.article_id and ($2 or p.position = 0)"
                " order by a.external_id, p.position limit $3",
                tenant_id,
                complete,
                self._exact_max if complete else OPENINGS_MAX,
            )
        return await asyncio.to_thread(self._build, rows, complete=complete)

    def _build(self, rows: list[asyncpg.Record], *, complete: bool) -> KnowledgeIndex:
        passages = [PassageRow(row["id"], row["heading"], row["body"]) for row in rows]
        texts = [embedded_text(row["title"], Chunk(row["heading"], row["body"])) for row in rows]
        deep = from_rows([row["embedding"] for row in rows])
        static = self._static.embed(texts)
        return KnowledgeIndex(_articles(rows), passages, deep, static, complete=complete)


def _articles(rows: list[asyncpg.Record]) -> list[ArticleRow]:
    firsts = [
        n for n, row in enumerate(rows) if n == 0 or row["article_id"] != rows[n - 1]["article_id"]
    ]
    ends = [*firsts[1:], len(rows)]
    return [
        ArticleRow(row["article_id"], row["external_id"], row["title"], row["agent"], first, end)
        for first, end in zip(firsts, ends, strict=False)
        for row in (rows[first],)
    ]
