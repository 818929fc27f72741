"""Find what the journal says of one release without reading all of it."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """The merchants' notices ask since when a release has been withdrawn."""
    op.execute("create index journal_subject on registry.journal (subject, kind)")
