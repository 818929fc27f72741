"""Schema changes, in order. `migrate(dsn)` brings a database to the newest."""

from pathlib import Path

HERE = Path(__file__).parent
VERSION_TABLE = "alembic_version"


def migrate(
    dsn: str, folder: Path = HERE, version_table: str = VERSION_TABLE, revision: str = "head"
) -> None:
    """Bring the database at `dsn` (postgresql://…, an owner's) to `folder`'s newest revision, or to
    the one named.

    Every folder holds only `versions/`; the entry (`env.py`) is this one's.
    """
    from alembic import command  # most starts find nothing to do, see `newest`
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(folder / "versions"))
    config.attributes.update(dsn=dsn, version_table=version_table)
    command.upgrade(config, revision)


def newest(folder: Path = HERE) -> str:
    """The revision a migrated database is at: files are named by their number, 0001 and on."""
    return max(path.name.partition("_")[0] for path in (folder / "versions").glob("0*.py"))
