"""Rollouts of a release among a tenant's conversations."""

from alembic import op

revision = "0012"
down_revision = "0011"

SQL = """
select 1;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
