"""An installation that follows new releases may take them by degrees."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """One column."""
    op.execute("alter table market.policies add column by_degrees boolean not null default false")
