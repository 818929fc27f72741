"""Whether an installation was ever tried: one whose process died while it tried is none."""

from alembic import op

revision = "0015"
down_revision = "0014"

SQL = "alter table installations add column tried boolean not null default true"


def upgrade() -> None:
    """One column."""
    op.execute(SQL)
