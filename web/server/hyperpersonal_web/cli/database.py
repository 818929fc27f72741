"""Commands that need the product's database and nothing else that runs."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import click
from hyperpersonal_core.kit import ids, log
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.settings import Settings

from hyperpersonal_web.cli.serve import settings_of
from hyperpersonal_web.embedded.services import Services
from hyperpersonal_web.paths import beside_checkout
from hyperpersonal_web.schema import bring_up_schema

Made = TypeVar("Made")


def own_settings() -> Settings:
    """Of this process's environment, the data folder beside the checkout."""
    return beside_checkout(settings_of(os.environ, None))


def with_database(work: Callable[[Database, Settings], Coroutine[Any, Any, Made]]) -> Made:
    """Do it on this machine's data folder, or on the database the settings name."""
    log.configure(os.environ.get("HP_LOG_LEVEL", "error"))
    settings = own_settings()
    services = Services(
        settings.data_dir, database_url=settings.database_url, nats_url=settings.nats_url
    )
    try:
        found = services.start()
        bring_up_schema(found.database_url)
        return asyncio.run(_with(found.database_url, settings, work))
    except RefusedError as error:
        raise click.UsageError(error.message) from error
    except (OutsideError, OSError, RuntimeError, asyncpg.PostgresError) as error:
        raise click.ClickException(f"{error}. `./hp doctor` may know more.") from error
    finally:
        services.stop()


async def tenant_named(db: Database, name: str) -> UUID:
    """The tenant of a slug (`fernhill`) or an id (`tnt_…`).

    Raises:
        RefusedError: there is none.
    """
    async with db.transaction() as connection:
        found: UUID | None = await connection.fetchval("select tenant_of_slug($1)", name)
    if found is not None:
        return found
    try:
        return ids.parse("tenant", name)
    except ValueError:
        raise RefusedError(f"there is no tenant {name!r}") from None


async def _with(
    url: str, settings: Settings, work: Callable[[Database, Settings], Coroutine[Any, Any, Made]]
) -> Made:
    db = await Database.open(url, size_max=2)
    try:
        return await work(db, settings)
    finally:
        await db.close()
