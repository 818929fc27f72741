"""Labelled history: messages a merchant's staff already sorted, as examples for the router.

One JSON object a line: `text`, `agent` (also `smalltalk`, `out_of_scope`), and if known `intent`
and `escalate`. An import replaces what was there: history is exported whole.
"""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError, TooLargeError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.memory.embedding import CachedEmbedder
from hyperpersonal_core.memory.matter import matter_of
from hyperpersonal_core.memory.vectors import to_text
from hyperpersonal_core.memory.versions import bump

EXAMPLES_MAX = 50_000
TEXT_CHARS_MAX = 2000
BATCH = 512


class Labelled(Struct, frozen=True):
    """One sorted message."""

    text: str
    agent: str
    intent: str = ""
    escalate: bool = False


def read_history(name: str, data: bytes) -> list[Labelled]:
    """The rows of a JSON Lines file.

    Raises:
        RefusedError: a line is not such a row; says which.
        TooLargeError: over 50,000 rows.
    """
    rows = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                if b"\\u0000" in line:
                    raise ValueError("holds a NUL character")
                rows.append(msgspec.json.decode(line, type=Labelled))
            except (ValueError, RecursionError) as error:
                raise RefusedError(f"{name}, line {number}: {error}", line=number) from error
    if len(rows) > EXAMPLES_MAX:
        raise TooLargeError(f"at most {EXAMPLES_MAX} rows of history")
    return rows


class History:
    """Keeps a tenant's labelled history."""

    def __init__(self, db: Database, embedder: CachedEmbedder, ids: Ids) -> None:
        self._db = db
        self._embedder = embedder
        self._ids = ids

    async def replace(self, tenant_id: UUID, rows: Sequence[Labelled]) -> int:
        """Make these rows the tenant's history; returns how many were kept (equal texts once)."""
        counts = [count async for count in self.replace_in_parts(tenant_id, rows)]
        return counts[-1]

    async def replace_in_parts(
        self, tenant_id: UUID, rows: Sequence[Labelled]
    ) -> AsyncIterator[int]:
        """The same, telling after every 512 rows how many are embedded (for a progress bar)."""
        kept = list({row.text: row for row in rows if row.text.strip()}.values())
        records = []
        for start in range(0, len(kept), BATCH):
            batch = kept[start : start + BATCH]
            texts = [row.text[:TEXT_CHARS_MAX] for row in batch]
            vectors = await self._embedder.embed_aside([matter_of(text) for text in texts])
            for row, text, vector in zip(batch, texts, vectors, strict=True):
                label = (text, row.agent, row.intent, row.escalate)
                records.append((tenant_id, self._ids.new(), *label, to_text(vector)))
            yield len(records)
        async with self._db.transaction(tenant_id) as connection:
            await connection.execute("delete from routing_examples where tenant_id = $1", tenant_id)
            await connection.executemany(
                "insert into routing_examples"
                " (tenant_id, id, text, agent, intent, escalate, embedding)"
                " values ($1, $2, $3, $4, $5, $6, $7::text::halfvec)",
                records,
            )
            await bump(connection, tenant_id)
        yield len(records)
