"""Schema changes, in order. `migrate(dsn)` brings a database to the newest."""

from pathlib import Path

from alembic import command
from alembic.config import Config

HERE = Path(__file__).parent


def migrate(
    dsn: str, folder: Path = HERE, version_table: str = "alembic_version", revision: str = "head"
) -> None:
    """Bring the database at `dsn` (postgresql://…, an owner's) to `folder`'s newest revision, or to
    the one named.

    Every folder holds only `versions/`; the entry (`env.py`) is this one's.
    """
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(folder / "versions"))
    config.attributes.update(dsn=dsn, version_table=version_table)
    command.upgrade(config, revision)
