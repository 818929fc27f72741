"""What staff sees of a conversation's turns: who answered, why, how sure, on what ground."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from hyperpersonal_core.kit.db import Database

TURNS_MAX = 100

_READ = """
select t.id, t.status, t.attempts, t.first_offset, t.last_offset, t.routing, t.outcome,
       t.confidence, t.evidence, t.usage, t.started_at, t.finished_at,
       i.plugin_id, i.version, i.manifest ->> 'title' as agent
  from turns t
  left join installations i on i.tenant_id = t.tenant_id and i.id = t.installation_id
 where t.tenant_id = $1 and t.conversation_id = $2
 order by t.started_at desc limit $3"""


class TurnView(Struct, frozen=True):
    """One turn. `agent`: the title of who answered, None for the engine; `routing`: the router's
    decision as it was; `usage`: one entry an agent that was asked."""

    id: UUID
    status: str
    attempts: int
    first_offset: int
    last_offset: int
    routing: dict[str, Any] | None
    outcome: str | None
    confidence: float | None
    evidence: list[dict[str, Any]] | None
    usage: list[dict[str, Any]] | None
    started_at: datetime
    finished_at: datetime | None
    plugin_id: str | None
    version: str | None
    agent: str | None


class TurnHistory:
    """Reads turns; writes nothing."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, tenant_id: UUID, conversation_id: UUID) -> list[TurnView]:
        """The conversation's newest turns, at most 100, oldest first."""
        async with self._db.transaction(tenant_id) as connection:
            rows = await connection.fetch(_READ, tenant_id, conversation_id, TURNS_MAX)
        return [TurnView(**dict(row)) for row in reversed(rows)]
