"""Find the newest metadata of one role without reading the names of all files."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Every publication asks for its namespace's newest file."""
    op.execute(
        """create index tuf_files_role on registry.tuf_files (
          substring(name from '^[0-9]+[.](.*)[.]json$'),
          (substring(name from '^([0-9]+)[.]')::bigint) desc)"""
    )
