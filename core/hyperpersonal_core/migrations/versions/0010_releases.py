"""Which release a running turn holds."""

from alembic import op

revision = "0010"
down_revision = "0009"

SQL = """
select 1;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
