"""The marketplace's own schema changes; they follow the core's, whose tables they refer to."""

from pathlib import Path

from hyperpersonal_core.migrations import migrate as bring_up

FOLDER = Path(__file__).parent
VERSION_TABLE = "alembic_version_market"


def migrate(dsn: str) -> None:
    """Bring the schema `market` in the database at `dsn` (an owner's) to the newest revision."""
    bring_up(dsn, FOLDER, VERSION_TABLE)
