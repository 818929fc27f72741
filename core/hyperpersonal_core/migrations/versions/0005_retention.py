"""How long each tenant keeps the journals of its turns."""

from alembic import op

revision = "0005"
down_revision = "0004"

SCRIPT = """
grant select (tenant_id, settings) on tenants to hp_sweeper;
create policy sweep on tenants for select to hp_sweeper using (true);

-- Days by tenant, from its setting `journal_days`; a nightly job looks at all tenants.
create function journal_retentions(default_days int) returns table (tenant_id uuid, days int)
language sql stable security definer set search_path = public as $$
  select t.tenant_id, greatest(1, least(3650,
           case when jsonb_typeof(t.settings -> 'journal_days') = 'number'
                then (t.settings ->> 'journal_days')::numeric else default_days end))::int
    from tenants t
$$;
grant create on schema public to hp_sweeper;
alter function journal_retentions owner to hp_sweeper;
revoke create on schema public from hp_sweeper;
revoke all on function journal_retentions from public;
grant execute on function journal_retentions to hp_app;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SCRIPT))
