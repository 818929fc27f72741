"""Checkpoints that were given out, and the log of a registry elsewhere that is mirrored here."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """A row a count of witnesses; a size that was given out is never taken back."""
    op.execute(
        """create table registry.checkpoints (
          cosigned int primary key check (cosigned >= 0),  -- by so many witnesses
          size bigint not null,
          note bytea not null,
          at timestamptz not null
        )"""
    )
    op.execute("grant select, insert, update (size, note, at) on registry.checkpoints to hp_app")
    op.execute(
        """create table registry.mirrored_log (
          only_one boolean primary key default true check (only_one),
          part bytea not null
        )"""
    )
    op.execute("grant select, insert, update (part) on registry.mirrored_log to hp_app")
