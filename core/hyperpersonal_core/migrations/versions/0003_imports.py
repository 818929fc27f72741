"""Imports of many articles, which a job does in its own time."""

from alembic import op

revision = "0003"
down_revision = "0002"

SCRIPT = """
create table imports (
  tenant_id uuid not null references tenants,
  id uuid not null,
  name text not null,                          -- of the file; its ending tells the format
  data bytea,                                  -- the file; null once all of it is imported
  status text not null default 'waiting' check (status in ('waiting', 'running', 'done', 'failed')),
  documents int not null,
  added int not null default 0,
  changed int not null default 0,
  unchanged int not null default 0,
  passages int not null default 0,
  error text not null default '',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
call guard_tenant_table('imports');
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SCRIPT))
