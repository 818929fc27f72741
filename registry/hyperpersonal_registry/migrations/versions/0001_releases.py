"""Namespaces, keys, releases and the journal."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """One file of many statements, so it goes to asyncpg's simple query protocol as it is."""
    script = (SQL / "0001_releases.sql").read_text()
    op.get_bind().connection.run_async(lambda raw: raw.execute(script))
