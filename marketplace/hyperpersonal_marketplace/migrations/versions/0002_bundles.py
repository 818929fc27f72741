"""Bundles a tenant applied, step by step, and the key that signs its locks."""

from alembic import op

revision = "0002"
down_revision = "0001"

SQL = """
-- The tenant's key for locks: the public half in the clear, the private one sealed by the vault.
create table market.bundle_keys (
  tenant_id uuid primary key references public.tenants on delete cascade,
  public bytea not null check (length(public) = 32),
  sealed bytea not null
);
call market.guard_tenant_table('bundle_keys');

-- Every bundle that was applied or is being applied. What was consented to and filled in is sealed
-- until it is done; `before` is what it is rolled back to, `made` the installations it made.
create table market.bundle_runs (
  tenant_id uuid not null references public.tenants on delete cascade,
  id uuid not null,
  state text not null check (state in ('running', 'done', 'rolled_back')),
  name text not null,
  source text not null,
  lock bytea not null,
  sealed bytea,
  before jsonb not null,
  made uuid[] not null default '{}',
  why text not null default '',
  began_at timestamptz not null,
  held_until timestamptz not null,             -- by the process that works on it
  ended_at timestamptz,
  primary key (tenant_id, id)
);
create unique index bundle_runs_one on market.bundle_runs (tenant_id) where state = 'running';
create index bundle_runs_newest on market.bundle_runs (tenant_id, began_at desc);
call market.guard_tenant_table('bundle_runs');
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
