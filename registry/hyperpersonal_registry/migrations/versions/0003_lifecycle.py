"""Submissions with their verdicts and reviews, people with keys, claims, and the TUF files."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """One file of many statements, so it goes to asyncpg's simple query protocol as it is."""
    script = (SQL / "0003_lifecycle.sql").read_text()
    op.get_bind().connection.run_async(lambda raw: raw.execute(script))
