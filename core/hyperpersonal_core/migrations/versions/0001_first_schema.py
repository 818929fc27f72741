"""The first schema: tenancy, conversations, turns, memory."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Each file is many statements, so it goes to asyncpg's simple query protocol as it is."""
    adapted = op.get_bind().connection
    for path in sorted(SQL.glob("*.sql")):
        script = path.read_text()
        adapted.run_async(lambda raw, script=script: raw.execute(script))
