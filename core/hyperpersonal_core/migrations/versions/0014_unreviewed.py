"""Whether a tenant accepted that nobody reviewed what an installation runs."""

from alembic import op

revision = "0014"
down_revision = "0013"

SQL = "alter table installations add column unreviewed boolean not null default false"


def upgrade() -> None:
    """One column."""
    op.execute(SQL)
