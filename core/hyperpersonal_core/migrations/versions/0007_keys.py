"""Keys of tenants and their sealed secrets."""

from alembic import op

revision = "0007"
down_revision = "0006"

SQL = """
-- A tenant's keys, each readable only by the key service. The newest seals, older ones open.
create table tenant_keys (
  tenant_id uuid not null references tenants on delete cascade,
  number int not null check (number >= 1),
  master_id text not null,
  wrapped bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, number)
);
call guard_tenant_table('tenant_keys');

-- What a new master key must still wrap, of all tenants: numbers only.
grant select (tenant_id, number, master_id) on tenant_keys to hp_sweeper;
create policy sweep on tenant_keys for select to hp_sweeper using (true);
create function tenant_keys_beyond(newest_master text) returns table (tenant_id uuid, number int)
language sql stable security definer set search_path = public as $$
  select k.tenant_id, k.number from tenant_keys k where k.master_id <> newest_master
   order by 1, 2
$$;

-- Secrets are sealed by the application; those of before wait in `secrets` until it has done so.
alter table installations add column sealed_secrets bytea;
grant select (tenant_id, id, secrets) on installations to hp_sweeper;
create policy sweep on installations for select to hp_sweeper using (true);
create function installations_with_open_secrets() returns table (tenant_id uuid, id uuid)
language sql stable security definer set search_path = public as $$
  select i.tenant_id, i.id from installations i where i.secrets <> '{}' order by 1, 2
$$;

grant create on schema public to hp_sweeper;
alter function tenant_keys_beyond owner to hp_sweeper;
alter function installations_with_open_secrets owner to hp_sweeper;
revoke create on schema public from hp_sweeper;
revoke all on function tenant_keys_beyond, installations_with_open_secrets from public;
grant execute on function tenant_keys_beyond, installations_with_open_secrets to hp_app;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
