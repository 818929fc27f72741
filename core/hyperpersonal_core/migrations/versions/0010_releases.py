"""A turn keeps the bundle it began with; one tenant's flood hides nothing of what others have.

`turns.bundle_version` is written by a trigger that reads the same snapshot as the claim, so that it
is the very version the claim tells its worker.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

SQL = """
alter table turns add column bundle_version bigint not null default 0;

create function pin_bundle() returns trigger language plpgsql stable as $$
begin
  select v.version into new.bundle_version from routing_versions v
   where v.tenant_id = new.tenant_id;
  new.bundle_version := coalesce(new.bundle_version, 0);
  return new;
end $$;
create trigger turns_pin before insert on turns for each row execute function pin_bundle();

-- What an installation ran since which routing version: turns that began under it keep it, and a
-- rollback finds what was there before.
create table installation_history (
  tenant_id uuid not null,
  installation_id uuid not null,
  since bigint not null,
  version text not null,
  digest text not null,
  manifest jsonb not null,
  grants text[] not null,
  config jsonb not null,
  primary key (tenant_id, installation_id, since),
  foreign key (tenant_id, installation_id) references installations (tenant_id, id)
    on delete cascade
);
call guard_tenant_table('installation_history');

-- As before, but the oldest of each tenant first, then everybody's second…: one tenant's flood does
-- not hide another's forgotten conversation.
create or replace function waiting_conversations(before timestamptz, at timestamptz, up_to int)
returns table (tenant_id uuid, id uuid, last_offset bigint)
language sql stable security definer set search_path = public as $$
  select w.tenant_id, w.id, w.last_offset from (
    select c.tenant_id, c.id, c.last_offset, c.updated_at,
           row_number() over (partition by c.tenant_id order by c.updated_at) as place
      from conversations c
     where c.mode = 'auto' and c.heard_offset > c.handled_offset and c.updated_at <= before
       and coalesce(c.lease_until, '-infinity') <= at) w
   order by w.place, w.updated_at limit up_to
$$;

-- Tenants with at least half as many unanswered conversations as they may have: how many, and how
-- many they may (setting `backlog_max`). A gateway asks for all tenants at once.
create function backlogs(default_max int)
returns table (tenant_id uuid, waiting bigint, waiting_max int)
language sql stable security definer set search_path = public as $$
  select w.tenant_id, w.waiting, w.most from (
    select c.tenant_id, count(*) as waiting, greatest(1, least(1000000,
             case when jsonb_typeof(t.settings -> 'backlog_max') = 'number'
                  then (t.settings ->> 'backlog_max')::numeric else default_max end))::int as most
      from conversations c join tenants t on t.tenant_id = c.tenant_id
     where c.mode = 'auto' and c.heard_offset > c.handled_offset
     group by c.tenant_id, t.settings) w
   where 2 * w.waiting >= w.most
$$;
grant create on schema public to hp_sweeper;
alter function backlogs owner to hp_sweeper;
revoke create on schema public from hp_sweeper;
revoke all on function backlogs from public;
grant execute on function backlogs to hp_app;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
