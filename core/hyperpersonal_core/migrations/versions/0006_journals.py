"""How journals of turns are kept: sealed and small, one row a turn."""

from alembic import op

revision = "0006"
down_revision = "0005"

SQL = """
select 1;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
