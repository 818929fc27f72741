"""Who may see and install each plugin; without a row everybody."""

from alembic import op

revision = "0005"
down_revision = "0004"

SQL = """
create table registry.plugins (
  plugin_id text primary key,
  namespace text not null references registry.namespaces,
  visibility text not null check (visibility in ('public', 'unlisted', 'private')),
  tenants uuid[] not null default '{}'         -- who may have it while it is private
);
grant select, insert, update (visibility, tenants) on registry.plugins to hp_app;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
