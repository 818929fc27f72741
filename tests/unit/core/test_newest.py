"""The cheap answer to "is there anything to migrate" is the one Alembic gives."""

import asyncio

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from hyperpersonal_core import migrations as core
from hyperpersonal_marketplace import migrations as market
from hyperpersonal_registry import migrations as registry
from hyperpersonal_web.schema import bring_up_schema

FOLDERS = {"core": core.HERE, "registry": registry.FOLDER, "market": market.FOLDER}


@pytest.mark.parametrize("name", FOLDERS)
def test_that_the_newest_file_is_the_only_head(name: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(core.HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(FOLDERS[name] / "versions"))
    heads = ScriptDirectory.from_config(config).get_heads()
    assert heads == [core.newest(FOLDERS[name])]


async def test_that_only_a_database_at_the_newest_revisions_is_left_alone(dsn: str) -> None:
    await asyncio.to_thread(bring_up_schema, dsn)
    connection = await asyncpg.connect(dsn)
    table = market.VERSION_TABLE
    try:
        await connection.execute(f"update {table} set version_num = 'elsewhere'")
        with pytest.raises(CommandError, match="elsewhere"):
            await asyncio.to_thread(bring_up_schema, dsn)
    finally:
        newest = core.newest(market.FOLDER)
        await connection.execute(f"update {table} set version_num = $1", newest)
        await connection.close()
