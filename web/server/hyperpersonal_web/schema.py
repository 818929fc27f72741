"""The schemas of all packages. Commands that only need the database need no more than this."""

import asyncio

import asyncpg
from hyperpersonal_core import migrations as core
from hyperpersonal_marketplace import migrations as market
from hyperpersonal_registry import migrations as registry

CONNECT_SECONDS_MAX = 10
SCHEMA_LOCK = 7_100_425_001  # any number nobody else locks


def bring_up_schema(database_url: str) -> None:
    """The newest schema of the core, the registry and the marketplace; safe to repeat, blocks.

    Roles that start at once take turns: only the first finds anything to do.
    """
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(database_url, timeout=CONNECT_SECONDS_MAX))
        try:
            if runner.run(_is_newest(connection)):
                return
            runner.run(connection.execute("select pg_advisory_lock($1)", SCHEMA_LOCK))
            core.migrate(database_url)
            registry.migrate(database_url)
            market.migrate(database_url)
        finally:
            runner.run(connection.close())


async def _is_newest(connection: asyncpg.Connection) -> bool:
    """Whether there is nothing to do: asked in two milliseconds, where Alembic takes half a second
    to be imported."""
    try:
        found = [
            await connection.fetchval(f"select version_num from {table}")  # noqa: S608 - constants
            for table in (core.VERSION_TABLE, registry.VERSION_TABLE, market.VERSION_TABLE)
        ]
    except asyncpg.UndefinedTableError:
        return False
    return found == [core.newest(), core.newest(registry.FOLDER), core.newest(market.FOLDER)]
