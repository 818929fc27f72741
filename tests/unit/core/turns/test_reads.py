"""A batch of turns reads what it needs by key: nothing grows with the tenant's conversations."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from fakes.turns import CHANNEL, TENANT
from hyperpersonal_core.kit.db import Connection, Database

CROWD, BATCH = 400, 20
TABLES = ("contacts", "conversations", "turns", "events", "journal")
_CROWD = """
with people as (
  insert into contacts (tenant_id, id, created_at)
  select $1, unnest($2::uuid[]), now() returning id)
insert into conversations (tenant_id, id, channel_id, contact_id, created_at, updated_at)
select $1, id, $3, id, now(), now() from people"""
_APPEND = "select * from append_messages(now(), $1, $2, $2, $3, $4, $5)"
_CLAIM = "select * from claim_turns(now(), $1, $1, 20, 12, 2000, $2, $3, $4)"
_FINISH = "select * from finish_turns(now(), $1, $2, $3, $4, $5)"
_READ = "select idx_tup_fetch + seq_tup_read from pg_stat_xact_user_tables where relname = $1"


async def reads(connection: Connection) -> dict[str, int]:
    """Rows read in this transaction up to now."""
    return {table: await connection.fetchval(_READ, table) or 0 for table in TABLES}


@pytest.mark.usefixtures("rig")
async def test_claim_and_finish_read_a_few_rows_a_turn_before_any_statistics(db: Database) -> None:
    crowd = [uuid4() for _ in range(CROWD)]
    async with db.transaction(TENANT) as connection:
        await connection.execute(_CROWD, TENANT, crowd, CHANNEL)
    batch = crowd[:BATCH]
    tenants = [TENANT] * BATCH
    bodies = [msgspec.Raw(b'{"text": "Hi"}')] * BATCH
    async with db.transaction(TENANT) as connection:
        fresh = [uuid4() for _ in batch]
        await connection.fetch(_APPEND, tenants, batch, fresh, [str(i) for i in fresh], bodies)
        before = await reads(connection)
        turns = await connection.fetch(
            _CLAIM, timedelta(seconds=9), tenants, batch, [uuid4() for _ in batch]
        )
        assert len(turns) == BATCH
        ends = [ending() for _ in turns]
        ids, epochs = [row["turn_id"] for row in turns], [row["epoch"] for row in turns]
        done = await connection.fetch(_FINISH, tenants, ids, epochs, ends, [b"sealed"] * BATCH)
        assert all(row["sent"] for row in done)
        after = await reads(connection)
    for table in TABLES:
        read = after[table] - before[table]
        # One pass over a small table is a fair plan; a pass for each turn (8,000 rows) is not.
        assert read <= 12 * BATCH + CROWD, f"{table}: {read} rows for {BATCH} turns"


def ending() -> msgspec.Raw:
    event = {"id": uuid4(), "source": "agent", "kind": "message", "body": {"text": "Hello"}}
    empty = {"state": {}, "active": None, "handoff": None, "routing": None}
    more = {"outcome": "answered", "installation_id": UUID(int=7), "confidence": 1.0}
    result = {"events": [event], "evidence": [], "usage": [], **empty, **more}
    return msgspec.Raw(msgspec.json.encode(result))
