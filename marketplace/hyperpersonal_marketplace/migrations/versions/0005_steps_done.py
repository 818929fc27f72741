"""Which steps of a bundle's run were done: what a member changed since is not done again."""

from alembic import op

revision = "0005"
down_revision = "0004"

SQL = "alter table market.bundle_runs add column done text[] not null default '{}'"


def upgrade() -> None:
    """One column: ids of plugins."""
    op.execute(SQL)
