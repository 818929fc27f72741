"""Whose bundle was broken off: what goes on by itself when its process is gone."""

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = """
-- Whose run was broken off: the process that held it is gone, and no step was refused.
grant select (tenant_id, state, why, held_until) on market.bundle_runs to hp_sweeper;
create policy all_tenants on market.bundle_runs for select to hp_sweeper using (true);
grant create on schema market to hp_sweeper;
create function market.bundles_broken_off(at timestamptz) returns table (tenant_id uuid)
language sql stable security definer set search_path = market, public as $$
  select r.tenant_id from market.bundle_runs r
   where r.state = 'running' and r.why = '' and r.held_until <= at limit 100
$$;
call market.tell_of_all('bundles_broken_off(timestamptz)');
revoke create on schema market from hp_sweeper;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
