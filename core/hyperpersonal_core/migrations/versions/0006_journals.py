"""How journals of turns are kept: sealed and small, one row a turn."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"

SQL = Path(__file__).parents[1] / "sql" / "later" / "0006_journals.sql"


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    script = SQL.read_text()
    op.get_bind().connection.run_async(lambda raw: raw.execute(script))
