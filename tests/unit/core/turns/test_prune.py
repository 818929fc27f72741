"""Journals of old turns go; those that run, and those a tenant keeps longer, stay."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.jobs import Job, RescheduleError
from hyperpersonal_core.turns.prune import PRUNE_JOB, JournalPruner

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
LONG, USUAL = UUID(int=1), UUID(int=2)


async def tenant(db: Database, tenant_id: UUID, settings: dict[str, object]) -> None:
    """A tenant with a conversation."""
    async with db.transaction(tenant_id) as connection:
        await connection.execute(
            "insert into tenants (tenant_id, slug, name, settings, created_at)"
            " values ($1, $2, 'One', $3, now())",
            tenant_id, f"t{tenant_id.int}", settings,
        )  # fmt: skip
        for query in (
            "insert into channels (tenant_id, id, kind, name, created_at)"
            " values ($1, $1, 'webchat', 'chat', now())",
            "insert into contacts (tenant_id, id, created_at) values ($1, $1, now())",
            "insert into conversations (tenant_id, id, channel_id, contact_id, created_at,"
            " updated_at) values ($1, $1, $1, $1, now(), now())",
        ):
            await connection.execute(query, tenant_id)


async def turn(db: Database, tenant_id: UUID, days: float, status: str = "finished") -> UUID:
    """A turn that began so many days ago, with a row in its journal."""
    began = NOW - timedelta(days=days)
    turn_id = UUID(int=(int(began.timestamp() * 1000) << 80) + 7)
    async with db.transaction(tenant_id) as connection:
        await connection.execute(
            "insert into turns (tenant_id, id, conversation_id, epoch, first_offset, last_offset,"
            " status, deadline_at, started_at) values ($1, $2, $1, 1, 1, 1, $3, $4, $4)",
            tenant_id, turn_id, status, began,
        )  # fmt: skip
        await connection.execute(
            "insert into journal (tenant_id, turn_id, sealed) values ($1, $2, 'sealed')",
            tenant_id, turn_id,
        )  # fmt: skip
    return turn_id


async def left(db: Database) -> set[UUID]:
    async with db.transaction(LONG, USUAL) as connection:
        return {row[0] for row in await connection.fetch("select turn_id from journal")}


async def test_that_journals_are_kept_as_long_as_each_tenant_says(db: Database) -> None:
    await tenant(db, LONG, {"journal_days": 365})
    await tenant(db, USUAL, {"journal_days": "for ever"})
    kept = {
        await turn(db, LONG, 364),
        await turn(db, USUAL, 89),
        await turn(db, USUAL, 200, "running"),
    }
    gone = {await turn(db, LONG, 366), await turn(db, USUAL, 91)}
    assert await left(db) == kept | gone
    pruner = JournalPruner(db, FixedClock(NOW))
    assert await pruner.prune() == 2
    assert await left(db) == kept
    assert await pruner.prune() == 0


async def test_that_it_is_planned_once_and_comes_again_every_night(db: Database) -> None:
    pruner = JournalPruner(db, FixedClock(NOW))
    await pruner.plan()
    await pruner.plan()
    async with db.transaction() as connection:
        assert await connection.fetchval("select count(*) from pgqueuer") == 1
    with pytest.raises(RescheduleError) as again:
        await pruner.run(Job(1, PRUNE_JOB, b"", 1))
    assert again.value.delay_s == 9 * 3600, "from 18:00 to 3:00"
