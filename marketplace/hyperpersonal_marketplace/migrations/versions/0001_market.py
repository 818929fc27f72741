"""What tenants use, rate, keep up to date and leave behind. A tenant's rows are its own.

What everybody may know of all tenants together comes from functions that tell counts and texts,
and never whose they are.
"""

from alembic import op

revision = "0001"
down_revision = None

SQL = """
create schema market;
grant usage on schema market to hp_app, hp_sweeper;

-- Locks a table of this schema to the transaction's tenants and lets the application use it.
create procedure market.guard_tenant_table(name text) language plpgsql as $$ begin
  execute format('alter table market.%I enable row level security', name);
  execute format('alter table market.%I force row level security', name);
  execute format('create policy tenant on market.%I
                  using (tenant_id = any ((select public.app_tenants())::uuid[]))', name);
  execute format('grant select, insert, update, delete on market.%I to hp_app', name);
end $$;

-- Lets a function see all tenants, and hp_app call it; the function decides what it tells.
create procedure market.tell_of_all(signature text) language plpgsql as $$ begin
  execute format('alter function market.%s owner to hp_sweeper', signature);
  execute format('revoke all on function market.%s from public', signature);
  execute format('grant execute on function market.%s to hp_app', signature);
end $$;

-- Calls that have receipts, by day: what ranking and ratings stand on.
create table market.use_days (
  tenant_id uuid not null references public.tenants on delete cascade,
  plugin_id text not null,
  day date not null,
  calls bigint not null check (calls > 0),
  primary key (tenant_id, plugin_id, day)
);
call market.guard_tenant_table('use_days');
create index use_days_day on market.use_days (day);

-- Up to which receipt they were counted.
create table market.counted (
  tenant_id uuid primary key references public.tenants on delete cascade,
  number bigint not null
);
call market.guard_tenant_table('counted');

-- Under which names a tenant publishes itself: its use and its opinion of those count nothing.
create table market.own_namespaces (
  tenant_id uuid not null references public.tenants on delete cascade,
  namespace text not null,
  primary key (tenant_id, namespace)
);
call market.guard_tenant_table('own_namespaces');

create table market.ratings (
  tenant_id uuid not null references public.tenants on delete cascade,
  plugin_id text not null,
  id uuid not null unique,
  stars smallint not null check (stars between 1 and 5),
  text text not null,
  version text not null,                       -- the release that was rated
  rated_at timestamptz not null,
  changed_at timestamptz not null,
  answer text not null default '',             -- the publisher's, given once
  answered_at timestamptz,
  hidden_why text not null default '',         -- a moderator's reason; hidden if there is one
  primary key (tenant_id, plugin_id)
);
call market.guard_tenant_table('ratings');
create index ratings_plugin on market.ratings (plugin_id, changed_at desc);

-- How an installation follows new releases, and which capabilities its tenant was asked for when
-- it consented last; without a row it is 'off'.
create table market.policies (
  tenant_id uuid not null,
  installation_id uuid not null,
  follow text not null default 'off' check (follow in ('pin', 'off', 'fixes', 'latest')),
  cooldown_days int not null default 0 check (cooldown_days between 0 and 365),
  asked text[] not null,
  tried text not null default '',              -- the release that was tried last, and would not do
  tried_why text not null default '',
  primary key (tenant_id, installation_id),
  foreign key (tenant_id, installation_id) references public.installations (tenant_id, id)
    on delete cascade
);
call market.guard_tenant_table('policies');

-- What a removed plugin kept of its own, sealed, for when it comes back.
create table market.left_behind (
  tenant_id uuid not null references public.tenants on delete cascade,
  plugin_id text not null,
  until timestamptz not null,
  sealed bytea not null,
  primary key (tenant_id, plugin_id)
);
call market.guard_tenant_table('left_behind');
create index left_behind_until on market.left_behind (until);

grant select on market.use_days, market.counted, market.own_namespaces, market.policies
  to hp_sweeper;
grant select (tenant_id, until), delete on market.left_behind to hp_sweeper;
grant select (plugin_id, id, stars, text, version, rated_at, changed_at, answer, answered_at,
              hidden_why), update (answer, answered_at, hidden_why)
  on market.ratings to hp_sweeper;
create policy all_tenants on market.use_days for select to hp_sweeper using (true);
create policy all_tenants on market.counted for select to hp_sweeper using (true);
create policy all_tenants on market.own_namespaces for select to hp_sweeper using (true);
create policy all_tenants on market.policies for select to hp_sweeper using (true);
create policy all_tenants on market.left_behind to hp_sweeper using (true);
create policy all_tenants on market.ratings to hp_sweeper using (true);
grant select (tenant_id, number) on public.receipts to hp_sweeper;
create policy count on public.receipts for select to hp_sweeper using (true);
grant select (created_at) on public.tenants to hp_sweeper;
grant create on schema market to hp_sweeper;

create function market.tenants_to_count(up_to int) returns table (tenant_id uuid)
language sql stable security definer set search_path = market, public as $$
  select t.tenant_id from public.tenants t
    left join market.counted c on c.tenant_id = t.tenant_id
   where exists (select from public.receipts r
                  where r.tenant_id = t.tenant_id and r.number > coalesce(c.number, 0))
   limit up_to
$$;
call market.tell_of_all('tenants_to_count(int)');

-- Who used what since a day: for ranking. Tenants are numbered, not named.
create function market.uses(since date)
returns table (tenant bigint, tenant_since timestamptz, plugin_id text, calls bigint, days bigint,
               own boolean)
language sql stable security definer set search_path = market, public as $$
  select dense_rank() over (order by u.tenant_id), t.created_at, u.plugin_id, u.calls, u.days,
         exists (select from market.own_namespaces o where o.tenant_id = u.tenant_id
                    and o.namespace = split_part(u.plugin_id, '/', 1))
    from (select d.tenant_id, d.plugin_id, sum(d.calls)::bigint as calls, count(*) as days
            from market.use_days d where d.day >= since group by 1, 2) u
    join public.tenants t on t.tenant_id = u.tenant_id
$$;
call market.tell_of_all('uses(date)');

create function market.ratings_of(wanted text, skip int, up_to int)
returns table (id uuid, stars smallint, text text, version text, rated_at timestamptz,
               changed_at timestamptz, answer text, answered_at timestamptz)
language sql stable security definer set search_path = market, public as $$
  select r.id, r.stars, r.text, r.version, r.rated_at, r.changed_at, r.answer, r.answered_at
    from market.ratings r where r.plugin_id = wanted and r.hidden_why = ''
   order by r.changed_at desc, r.id offset skip limit up_to
$$;
call market.tell_of_all('ratings_of(text, int, int)');

-- Of every plugin that has any: how many opinions, and their stars together.
create function market.rating_sums() returns table (plugin_id text, ratings bigint, stars bigint)
language sql stable security definer set search_path = market, public as $$
  select r.plugin_id, count(*), sum(r.stars)::bigint from market.ratings r
   where r.hidden_why = '' group by 1
$$;
call market.tell_of_all('rating_sums()');

create function market.answer_rating(wanted uuid, namespace text, words text, at timestamptz)
returns text language sql security definer set search_path = market, public as $$
  update market.ratings r set answer = words, answered_at = at
   where r.id = wanted and split_part(r.plugin_id, '/', 1) = namespace and r.answer = ''
  returning r.plugin_id
$$;
call market.tell_of_all('answer_rating(uuid, text, text, timestamptz)');

create function market.hide_rating(wanted uuid, why text) returns text
language sql security definer set search_path = market, public as $$
  update market.ratings r set hidden_why = why where r.id = wanted returning r.plugin_id
$$;
call market.tell_of_all('hide_rating(uuid, text)');

create function market.tenants_that_follow() returns table (tenant_id uuid)
language sql stable security definer set search_path = market, public as $$
  select distinct p.tenant_id from market.policies p where p.follow in ('fixes', 'latest')
$$;
call market.tell_of_all('tenants_that_follow()');

create function market.forget_left_behind(at timestamptz) returns bigint
language sql security definer set search_path = market, public as $$
  with gone as (delete from market.left_behind l where l.until <= at returning 1)
  select count(*) from gone
$$;
call market.tell_of_all('forget_left_behind(timestamptz)');

revoke create on schema market from hp_sweeper;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
