"""Turns as they were, their journals opened: for replay, and for people who ask what was done."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hyperpersonal_runtime.api import Recording
from msgspec import Struct

from hyperpersonal_core.installations.journal import TurnJournals
from hyperpersonal_core.installations.sealed import JournalRow, Part
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError

FOUND_MAX = 10_000

_READ = """
select t.id, t.conversation_id, t.status, t.outcome, t.started_at, t.finished_at,
       (select array_agg(j.sealed order by j.part) from journal j
         where j.tenant_id = t.tenant_id and j.turn_id = t.id) as parts
  from turns t where t.tenant_id = $1 and t.id = $2"""
# A turn without a journal has nothing to show: it was pruned, or is older than journals are.
_FIND = """
select t.id from turns t
 where t.tenant_id = $1 and t.status <> 'running' and t.id >= $2
   and ($3::uuid is null or t.conversation_id = $3)
   and exists (select from journal j where j.tenant_id = t.tenant_id and j.turn_id = t.id)
 order by t.id desc limit $4"""
_PARTS = """
select j.turn_id, array_agg(j.sealed order by j.part) as parts from journal j
 where j.tenant_id = $1 and j.turn_id = any($2::uuid[]) group by 1"""
TURNS_AT_ONCE = 200
_TENANTS = "select tenant_id from journal_retentions(1) order by 1"
_OWNERS = "select tenant_id, turn_id from tenants_of_turns($1)"


class RecordedTurn(Struct, frozen=True):
    """A turn with all that its plugins did. `routing`: what was decided, of every agent; None
    while the turn runs."""

    tenant_id: UUID
    id: UUID
    conversation_id: UUID
    status: str
    outcome: str | None
    started_at: datetime
    finished_at: datetime | None
    recording: Recording
    routing: dict[str, Any] | None = None


class RecordedTurns:
    """Reads and opens; writes nothing."""

    def __init__(self, db: Database, journals: TurnJournals) -> None:
        self._db = db
        self._journals = journals

    async def read(self, tenant_id: UUID, turn_id: UUID) -> RecordedTurn:
        """A turn of this tenant.

        Raises:
            NotFoundError: there is none, or its journal is gone.
            RefusedError: its journal was altered.
        """
        async with self._db.transaction(tenant_id) as connection:
            row = await connection.fetchrow(_READ, tenant_id, turn_id)
        if row is None:
            raise NotFoundError("there is no such turn", id=str(turn_id))
        if not row["parts"]:
            raise NotFoundError("the journal of this turn is not kept any more", id=str(turn_id))
        part = await self._journals.unseal(tenant_id, turn_id, row["parts"])
        return _turn(tenant_id, row, part)

    async def find(
        self, tenant_id: UUID, since: datetime | None, conversation_id: UUID | None, limit: int
    ) -> list[UUID]:
        """The newest turns that ended and are kept, at most `limit`, oldest first."""
        first = UUID(int=int(since.timestamp() * 1000) << 80) if since else UUID(int=0)
        most = min(limit, FOUND_MAX)
        async with self._db.transaction(tenant_id) as connection:
            rows = await connection.fetch(_FIND, tenant_id, first, conversation_id, most)
        return [row["id"] for row in reversed(rows)]

    async def host_calls(
        self, tenant_id: UUID, since: datetime, turns_max: int
    ) -> AsyncIterator[list[JournalRow]]:
        """Every host call of the newest turns since then, a list for each turn.

        Raises:
            RefusedError: a journal was altered.
        """
        turns = await self.find(tenant_id, since, None, turns_max)
        for start in range(0, len(turns), TURNS_AT_ONCE):
            async with self._db.transaction(tenant_id) as connection:
                batch = turns[start : start + TURNS_AT_ONCE]
                rows = await connection.fetch(_PARTS, tenant_id, batch)
            for row in rows:
                part = await self._journals.unseal(tenant_id, row["turn_id"], row["parts"])
                yield list(part.rows)

    async def tenants(self) -> list[UUID]:
        """All of them: for operators."""
        async with self._db.transaction() as connection:
            return [row["tenant_id"] for row in await connection.fetch(_TENANTS)]

    async def owners(self, turn_ids: Sequence[UUID]) -> dict[UUID, UUID]:
        """Tenant by turn, of those that there are: for operators, who see all tenants."""
        async with self._db.transaction() as connection:
            rows = await connection.fetch(_OWNERS, list(turn_ids))
        return {row["turn_id"]: row["tenant_id"] for row in rows}


def _turn(tenant_id: UUID, row: Any, part: Part) -> RecordedTurn:
    entries = tuple(one.entry() for one in part.rows)
    return RecordedTurn(
        tenant_id, row["id"], row["conversation_id"], row["status"], row["outcome"],
        row["started_at"], row["finished_at"], Recording(part.calls, entries), part.routing,
    )  # fmt: skip
