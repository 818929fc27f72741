"""How a release comes into being, submitted, checked, reviewed."""

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = """
select 1;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
