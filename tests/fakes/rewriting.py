"""Whoever owns the registry's database rewrites the past of its log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
from hyperpersonal_registry import journal

OTHER_NAME = "update registry.journal set subject = 'nobody' where n = 1"


@asynccontextmanager
async def owner(dsn: str) -> AsyncIterator[Any]:
    """The database's owner, past every trigger."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", encoder=str, decoder=msgspec.json.decode
        )
        await connection.execute("set session_replication_role = replica")
        yield connection
    finally:
        await connection.close()


async def rewrite(connection: Any, change: str = OTHER_NAME) -> None:
    """Change entries, forget what was signed, and make the tree anew over them."""
    await connection.execute(change)
    await connection.execute("delete from registry.log_tiles")
    await connection.execute("delete from registry.checkpoints")
    await journal.rebuild(connection)
