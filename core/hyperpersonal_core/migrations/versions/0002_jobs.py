"""The job queue: pgqueuer's own tables, usable by the application role."""

from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

revision = "0002"
down_revision = "0001"

GRANTS = """
grant select, insert, update, delete
   on pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics to hp_app;
grant usage on all sequences in schema public to hp_app;
"""


def upgrade() -> None:
    """The library is pinned, so the statements it makes are as fixed as a file."""
    script = QueryBuilderEnvironment().build_install_query() + GRANTS
    op.get_bind().connection.run_async(lambda raw: raw.execute(script))
