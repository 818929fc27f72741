"""Which releases served a tenant, how often and since when: added up as receipts are sealed.

A release that turns out to be harmful asks this of every tenant at once, and cannot wait for a
million receipts to be read.
"""

from alembic import op

revision = "0013"
down_revision = "0012"

SQL = """
create table release_uses (
  tenant_id uuid not null,
  digest text not null,
  plugin_id text not null,
  version text not null,
  calls bigint not null check (calls > 0),
  host_calls bigint not null default 0,
  requests bigint not null default 0,          -- to other services
  bytes_out bigint not null default 0,         -- sent with them
  first_at timestamptz not null,
  last_at timestamptz not null,
  first_number bigint not null,                -- of the tenant's receipts
  last_number bigint not null,
  primary key (tenant_id, digest)
);
create index release_uses_digest on release_uses (digest);
call guard_tenant_table('release_uses');

-- Receipts there are already.
alter table receipts no force row level security;
alter table release_uses no force row level security;
insert into release_uses
select r.tenant_id, x.j->>'release', split_part(min(x.j->>'plugin'), '@', 1),
       split_part(min(x.j->>'plugin'), '@', 2), count(*),
       sum(coalesce((x.j->'units'->>'host_calls')::bigint, 0)),
       sum(coalesce((x.j->'units'->>'requests')::bigint, 0)),
       sum(coalesce((x.j->'units'->>'bytes_out')::bigint, 0)),
       to_timestamp(min((x.j->>'at')::bigint) / 1000.0),
       to_timestamp(max((x.j->>'at')::bigint) / 1000.0), min(r.number), max(r.number)
  from receipts r
 cross join lateral (select convert_from(r.line, 'utf8')::jsonb->'receipt' as j) x
 group by 1, 2;
alter table release_uses force row level security;
alter table receipts force row level security;

grant select on release_uses to hp_sweeper;
create policy sweep on release_uses for select to hp_sweeper using (true);
grant select (plugin_id, version, digest, grants, created_at) on installations to hp_sweeper;
grant select (tenant_id, installation_id, digest, grants) on installation_history to hp_sweeper;
create policy sweep on installation_history for select to hp_sweeper using (true);
grant select (name) on tenants to hp_sweeper;

-- Who was served by these releases or has one of them installed. `grants`: all it was ever given
-- under one of its present installations.
create function exposed_to(digests text[])
returns table (tenant_id uuid, slug text, name text, digest text, calls bigint, host_calls bigint,
               requests bigint, bytes_out bigint, first_at timestamptz, last_at timestamptz,
               installation_id uuid, installed boolean, grants text[])
language sql stable security definer set search_path = public as $$
  with held as (
    select i.tenant_id, i.id, i.plugin_id, i.digest, i.grants, true as installed
      from installations i where i.digest = any(digests)
    union all
    select h.tenant_id, h.installation_id, '', h.digest, h.grants, false
      from installation_history h where h.digest = any(digests)
  ), given as (
    select h.tenant_id, h.digest, (array_agg(h.id order by h.installed desc))[1] as id,
           bool_or(h.installed) as installed,
           array_agg(distinct g.text) filter (where g.text is not null) as grants
      from held h left join lateral unnest(h.grants) as g(text) on true
     group by h.tenant_id, h.digest
  )
  select coalesce(u.tenant_id, g.tenant_id), coalesce(t.slug, ''), coalesce(t.name, ''),
         coalesce(u.digest, g.digest), coalesce(u.calls, 0), coalesce(u.host_calls, 0),
         coalesce(u.requests, 0), coalesce(u.bytes_out, 0),
         u.first_at, u.last_at, g.id, coalesce(g.installed, false), g.grants
    from (select * from release_uses r where r.digest = any(digests)) u
    full join given g on g.tenant_id = u.tenant_id and g.digest = u.digest
    left join tenants t on t.tenant_id = coalesce(u.tenant_id, g.tenant_id)
   order by u.calls desc nulls last, t.slug
$$;
grant create on schema public to hp_sweeper;
alter function exposed_to owner to hp_sweeper;
revoke create on schema public from hp_sweeper;
revoke all on function exposed_to from public;
grant execute on function exposed_to to hp_app;
create index installations_digest on installations (digest);
create index installation_history_digest on installation_history (digest);
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
