"""The registry's own schema changes, beside the core's and independent of them."""

from pathlib import Path

from hyperpersonal_core import migrations

FOLDER = Path(__file__).parent
VERSION_TABLE = "alembic_version_registry"


def migrate(dsn: str) -> None:
    """Bring the registry's schema in the database at `dsn` (an owner's) to the newest revision."""
    migrations.migrate(dsn, FOLDER, VERSION_TABLE)
