"""The merchant's knowledge: articles in versions, cut into embedded passages.

Rules: an unchanged article costs nothing at re-import; a changed one is replaced whole in one
transaction; embedding happens before the transaction, never inside it.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import NotFoundError, TooLargeError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.memory.chunks import Chunk, chunks_of, embedded_text
from hyperpersonal_core.memory.documents import Document
from hyperpersonal_core.memory.embedding import CachedEmbedder, Vectors
from hyperpersonal_core.memory.vectors import to_text
from hyperpersonal_core.memory.versions import bump

ARTICLES_A_IMPORT_MAX = 10_000
ARTICLES_A_BATCH = 64


class Imported(Struct, frozen=True):
    """What an import did, in articles; `passages` were embedded and written."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    passages: int = 0

    def __add__(self, other: "Imported") -> "Imported":
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
        return Imported(*(one + two for one, two in pairs))


class ArticleView(Struct, frozen=True):
    """One article as listed."""

    id: UUID
    external_id: str
    title: str
    agent: str
    source: str
    version: int
    imported_at: datetime
    passages: int


class Knowledge:
    """Imports, lists and deletes a tenant's articles."""

    def __init__(self, db: Database, embedder: CachedEmbedder, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._embedder = embedder
        self._clock = clock
        self._ids = ids

    async def import_documents(self, tenant_id: UUID, documents: Sequence[Document]) -> Imported:
        """Bring these articles to the given text; articles not named stay as they are.

        Raises:
            TooLargeError: more than 10,000 articles at once.
        """
        done = Imported()
        async for part in self.import_in_parts(tenant_id, documents):
            done += part
        return done

    async def import_in_parts(
        self, tenant_id: UUID, documents: Sequence[Document]
    ) -> AsyncIterator[Imported]:
        """The same, telling after every 64 articles what they were (for a progress bar)."""
        if len(documents) > ARTICLES_A_IMPORT_MAX:
            raise TooLargeError(f"at most {ARTICLES_A_IMPORT_MAX} articles an import")
        newest = {document.external_id: document for document in documents}
        for batch in _batches(list(newest.values())):
            yield await self._import_batch(tenant_id, batch)

    async def articles(self, tenant_id: UUID, limit: int = 1000) -> list[ArticleView]:
        """The tenant's articles by external id, with how many passages each has."""
        async with self._db.transaction(tenant_id) as connection:
            rows = await connection.fetch(
                "select id, external_id, title, agent, source, version, imported_at,"
                " (select count(*) from passages p"
                "   where p.tenant_id = a.tenant_id and p.article_id = a.id) as passages"
                " from articles a where tenant_id = $1 order by external_id limit $2",
                tenant_id,
                limit,
            )
        return [ArticleView(**dict(row)) for row in rows]

    async def delete(self, tenant_id: UUID, external_id: str) -> None:
        """Remove an article and its passages.

        Raises:
            NotFoundError: there is no such article.
        """
        async with self._db.transaction(tenant_id) as connection:
            article_id = await connection.fetchval(
                "delete from articles where tenant_id = $1 and external_id = $2 returning id",
                tenant_id,
                external_id,
            )
            if article_id is None:
                raise NotFoundError(f"there is no article {external_id!r}")
            await _drop_passages(connection, tenant_id, [article_id])
            await bump(connection, tenant_id)

    async def _import_batch(self, tenant_id: UUID, batch: list[Document]) -> Imported:
        digests = {d.external_id: _digest(self._embedder.name, d) for d in batch}
        async with self._db.transaction(tenant_id) as connection:
            known = await _known_digests(connection, tenant_id, list(digests))
        stale = [d for d in batch if known.get(d.external_id) != digests[d.external_id]]
        if not stale:
            return Imported(unchanged=len(batch))
        chunks = [(document, chunk) for document in stale for chunk in chunks_of(document)]
        vectors = await self._embedder.embed_aside(
            [embedded_text(document.title, chunk) for document, chunk in chunks]
        )
        async with self._db.transaction(tenant_id) as connection:
            versions = await self._write_articles(connection, tenant_id, stale, digests)
            await _drop_passages(connection, tenant_id, [id_ for id_, _ in versions.values()])
            await self._write_passages(connection, tenant_id, versions, chunks, vectors)
            await bump(connection, tenant_id)
        changed = sum(document.external_id in known for document in stale)
        return Imported(len(stale) - changed, changed, len(batch) - len(stale), len(chunks))

    async def _write_articles(
        self,
        connection: Connection,
        tenant_id: UUID,
        stale: list[Document],
        digests: dict[str, bytes],
    ) -> dict[str, tuple[UUID, int]]:
        rows = await connection.fetch(
            "insert into articles"
            " (tenant_id, id, external_id, title, agent, source, digest, imported_at)"
            " select $1, i.id, i.external_id, i.title, i.agent, i.source, i.digest, $2"
            " from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[])"
            " as i(id, external_id, title, agent, source, digest)"
            " on conflict (tenant_id, external_id) do update set title = excluded.title,"
            " agent = excluded.agent, source = excluded.source, digest = excluded.digest,"
            " imported_at = excluded.imported_at, version = articles.version + 1"
            " returning external_id, id, version",
            tenant_id,
            self._clock.now(),
            [self._ids.new() for _ in stale],
            [document.external_id for document in stale],
            [document.title for document in stale],
            [document.agent for document in stale],
            [document.source for document in stale],
            [digests[document.external_id] for document in stale],
        )
        return {row["external_id"]: (row["id"], row["version"]) for row in rows}

    async def _write_passages(
        self,
        connection: Connection,
        tenant_id: UUID,
        versions: dict[str, tuple[UUID, int]],
        chunks: list[tuple[Document, Chunk]],
        vectors: Vectors,
    ) -> None:
        positions: dict[str, int] = {}
        rows = []
        for (document, chunk), vector in zip(chunks, vectors, strict=True):
            key = document.external_id
            article_id, version = versions[key]
            position = positions[key] = positions.get(key, -1) + 1
            place = (tenant_id, self._ids.new(), article_id, version, position)
            rows.append((*place, chunk.heading, chunk.body, to_text(vector)))
        await connection.executemany(
            "insert into passages"
            " (tenant_id, id, article_id, version, position, heading, body, embedding)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8::text::halfvec)",
            rows,
        )


async def _known_digests(
    connection: Connection, tenant_id: UUID, external_ids: list[str]
) -> dict[str, bytes]:
    rows = await connection.fetch(
        "select external_id, digest from articles"
        " where tenant_id = $1 and external_id = any ($2::text[])",
        tenant_id,
        external_ids,
    )
    return {row["external_id"]: row["digest"] for row in rows}


async def _drop_passages(connection: Connection, tenant_id: UUID, articles: list[UUID]) -> None:
    await connection.execute(
        "delete from passages where tenant_id = $1 and article_id = any ($2::uuid[])",
        tenant_id,
        articles,
    )


def _digest(embedder: str, document: Document) -> bytes:
    return hashlib.sha256(msgspec.msgpack.encode((embedder, document))).digest()


def _batches(documents: list[Document]) -> Iterator[list[Document]]:
    for start in range(0, len(documents), ARTICLES_A_BATCH):
        yield documents[start : start + ARTICLES_A_BATCH]
