"""Workers of background jobs that are gone."""

import asyncpg


async def let_heartbeats_age(dsn: str) -> None:
    """As if who works on jobs had given no sign of life for an hour."""
    owner = await asyncpg.connect(dsn)
    await owner.execute("update pgqueuer set heartbeat = heartbeat - interval '1 hour'")
    await owner.close()
