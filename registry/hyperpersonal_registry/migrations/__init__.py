"""The registry's own schema changes, beside the core's and independent of them."""

from pathlib import Path

from hyperpersonal_core.migrations import migrate as bring_up

FOLDER = Path(__file__).parent
VERSION_TABLE = "alembic_version_registry"


def migrate(dsn: str, revision: str = "head") -> None:
    """Bring the registry's schema in the database at `dsn` (an owner's) to a revision."""
    bring_up(dsn, FOLDER, VERSION_TABLE, revision)
