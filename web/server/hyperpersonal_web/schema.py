"""The schemas of all packages. Commands that only need the database need no more than this."""

import asyncio

import asyncpg
from hyperpersonal_core.migrations import migrate
from hyperpersonal_marketplace.migrations import migrate as migrate_market
from hyperpersonal_registry.migrations import migrate as migrate_registry

CONNECT_SECONDS_MAX = 10
SCHEMA_LOCK = 7_100_425_001  # any number nobody else locks


def bring_up_schema(database_url: str) -> None:
    """The newest schema of the core, the registry and the marketplace; safe to repeat, blocks.

    Roles that start at once take turns: only the first finds anything to do.
    """
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(database_url, timeout=CONNECT_SECONDS_MAX))
        try:
            runner.run(connection.execute("select pg_advisory_lock($1)", SCHEMA_LOCK))
            migrate(database_url)
            migrate_registry(database_url)
            migrate_market(database_url)
        finally:
            runner.run(connection.close())
