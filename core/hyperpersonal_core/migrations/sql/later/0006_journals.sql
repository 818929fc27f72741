-- A turn's journal: parts that add up, each sealed and compressed by the application. While it runs
-- there is one for every intention; its end replaces them by one.

-- What was kept before this was in the clear and goes. It is only needed to resume a turn, so no
-- turn may be waiting for that.
alter table turns no force row level security;
do $$ begin
  if exists (select from turns where status = 'running' and request is not null) then
    raise exception 'a turn that has acted is not finished yet'
      using hint = 'Run the version before this one until no turn is running; then upgrade.';
  end if;
end $$;
alter table turns force row level security;

drop function intend, keep_journal, finish_turns, claim_turns;
drop table journal;
alter table turns drop column request;

create table journal (
  tenant_id uuid not null,
  turn_id uuid not null,
  part bigint generated always as identity,
  sealed bytea not null,
  primary key (tenant_id, turn_id, part)
);
alter table journal alter column sealed set storage external;  -- it is compressed already
call guard_tenant_table('journal');

-- Takes the free ones of the named conversations. An unfinished turn goes on under its own id, over
-- the same messages, with what was recorded of it; else a new turn opens over the unanswered burst.
create function claim_turns(
  at timestamptz, lease interval, deadline interval, messages_max int, history_max int,
  line_max int, tenant_ids uuid[], conversation_ids uuid[], turn_ids uuid[]
) returns table (
  tenant_id uuid, tenant_name text, bundle_version bigint, conversation_id uuid, channel text,
  contact_id uuid, contact_name text, contact_email text, active uuid, state jsonb,
  turn_id uuid, epoch bigint, first_offset bigint, last_offset bigint, attempts int,
  messages jsonb, history jsonb, journal bytea[]
) language plpgsql
-- Every row is found by its key, in the written order of joins: without statistics the planner would
-- rather read a tenant whole. A lateral with `limit 1` can only look its key up, and each
-- `= any(...)` bounds what even the worst order can read.
set enable_seqscan = off set enable_bitmapscan = off set enable_material = off
set enable_hashjoin = off set enable_mergejoin = off
set join_collapse_limit = 1 set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
  perform 1 from (select * from unnest(tenant_ids, conversation_ids) as i(t, c) order by c) k
    cross join lateral (
      select from conversations c where c.tenant_id = k.t and c.id = k.c for update) held;
  return query
  with taken as (
    update conversations c set epoch = c.epoch + 1, lease_until = at + lease
      from unnest(tenant_ids, conversation_ids, turn_ids) as i(t, c, new_turn)
     where c.tenant_id = i.t and c.id = i.c and c.id = any(conversation_ids) and c.mode = 'auto'
       and c.heard_offset > c.handled_offset and coalesce(c.lease_until, '-infinity') <= at
    returning c.*, i.new_turn
  ), resumed as (
    update turns t set epoch = k.epoch, attempts = t.attempts + 1, deadline_at = at + deadline
      from taken k
     where t.tenant_id = k.tenant_id and t.conversation_id = k.id and t.status = 'running'
       and t.conversation_id = any(conversation_ids)
    returning t.*
  ), opened as (
    insert into turns (tenant_id, id, conversation_id, epoch, first_offset, last_offset, status,
                       deadline_at, started_at)
    select k.tenant_id, k.new_turn, k.id, k.epoch, min(b."offset"), max(b."offset"), 'running',
           at + deadline, at
      from taken k cross join lateral (
        select v."offset" from events v
         where v.tenant_id = k.tenant_id and v.conversation_id = k.id
           and v."offset" > k.handled_offset and v.source = 'contact' and v.kind = 'message'
         order by v."offset" limit messages_max) b
     where not exists (select from turns t where t.tenant_id = k.tenant_id
                        and t.conversation_id = k.id and t.status = 'running')
     group by k.tenant_id, k.new_turn, k.id, k.epoch
    returning *
  ), own as (select * from resumed union all select * from opened)
  select k.tenant_id, n.name, coalesce(r.version, 0), k.id, h.kind,
         p.id, p.display_name, p.email, k.active_installation, k.state,
         o.id, o.epoch, o.first_offset, o.last_offset, o.attempts,
         burst.texts, talk.lines, written.parts
    from own o
    join taken k on k.tenant_id = o.tenant_id and k.id = o.conversation_id
    join tenants n on n.tenant_id = k.tenant_id
    cross join lateral (
      select * from channels h where h.tenant_id = k.tenant_id and h.id = k.channel_id limit 1) h
    cross join lateral (
      select * from contacts p where p.tenant_id = k.tenant_id and p.id = k.contact_id limit 1) p
    left join routing_versions r on r.tenant_id = k.tenant_id
    cross join lateral (
      select jsonb_agg(coalesce(v.body->>'text', '') order by v."offset") as texts from events v
       where v.tenant_id = o.tenant_id and v.conversation_id = o.conversation_id
         and v."offset" between o.first_offset and o.last_offset
         and v.source = 'contact' and v.kind = 'message') burst
    cross join lateral (
      select jsonb_agg(jsonb_build_object('source', l.source, 'text', left(l.body->>'text', line_max),
                                          'offset', l."offset") order by l."offset") as lines
        from (select v.source, v.body, v."offset" from events v
               where v.tenant_id = o.tenant_id and v.conversation_id = o.conversation_id
                 and v.kind = 'message' and v."offset" > coalesce((k.state->>'since')::bigint, 0)
                 and (v.source <> 'contact' or v."offset" < o.first_offset)
               order by v."offset" desc limit history_max) l) talk
    cross join lateral (
      select array_agg(j.sealed order by j.part) as parts from journal j
       where o.attempts > 1 and j.tenant_id = o.tenant_id and j.turn_id = o.id) written;
end $$;

-- Before a write leaves: the turn so far, its intention included, becomes durable, but only while the
-- conversation is still this turn's. False: a person took over or another worker resumed it.
create function intend(
  tenant uuid, conversation uuid, turn uuid, held_epoch bigint, so_far bytea
) returns boolean language plpgsql as $$
begin
  perform 1 from conversations c where c.tenant_id = tenant and c.id = conversation
     and c.epoch = held_epoch and c.mode = 'auto' for share;
  if not found then return false; end if;
  insert into journal (tenant_id, turn_id, sealed) values (tenant, turn, so_far);
  return true;
end $$;

-- The single send point of agents. Commits a batch of finished turns: events, conversation, turn,
-- journal and handoff. A turn whose epoch has passed sends nothing; if a person took over while it
-- acted, what it did is still told (its actions, never its words). `newest` is null where nothing
-- was told; `more` where messages came meanwhile.
create function finish_turns(
  at timestamptz, tenant_ids uuid[], turn_ids uuid[], epochs bigint[], results jsonb[],
  journals bytea[]
) returns table (n bigint, sent boolean, newest bigint, more boolean)
language plpgsql
-- Every row is found by its key, in the written order of joins: without statistics the planner would
-- rather read a tenant whole. A lateral with `limit 1` can only look its key up, and each
-- `= any(...)` bounds what even the worst order can read.
set enable_seqscan = off set enable_bitmapscan = off set enable_material = off
set enable_hashjoin = off set enable_mergejoin = off
set join_collapse_limit = 1 set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare held uuid[];
begin
  held := lock_conversations_of(tenant_ids, turn_ids);
  return query
  with input as (
    select i.ord, i.r, i.j, t.tenant_id, t.id as turn_id, t.conversation_id, t.last_offset as consumed,
           c.last_offset as before, c.heard_offset,
           t.status = 'running' and c.epoch = i.e and c.mode = 'auto' as ours,
           t.status = 'abandoned' and t.finished_at is null as overtaken
      from unnest(tenant_ids, turn_ids, epochs, results, journals)
           with ordinality as i(t, n, e, r, j, ord)
     cross join lateral (
       select * from turns t where t.tenant_id = i.t and t.id = i.n limit 1) t
     cross join lateral (
       select * from conversations c
        where c.tenant_id = t.tenant_id and c.id = t.conversation_id limit 1) c
  ), line as (
    select i.*, e.value, row_number() over (partition by i.turn_id order by e.ordinality) as step
      from input i cross join lateral jsonb_array_elements(i.r->'events') with ordinality e
     where i.ours or (i.overtaken and e.value->>'kind' = 'action')
  ), said as (
    insert into events (tenant_id, conversation_id, "offset", id, source, kind, turn_id, body, created_at)
    select l.tenant_id, l.conversation_id, l.before + l.step, (l.value->>'id')::uuid,
           l.value->>'source', l.value->>'kind', l.turn_id, l.value->'body', at
      from line l
    returning tenant_id, conversation_id, "offset"
  ), grown as (
    select s.tenant_id, s.conversation_id, max(s."offset") as newest from said s group by 1, 2
  ), moved as (
    update conversations c
       set last_offset = coalesce(g.newest, c.last_offset), updated_at = at,
           handled_offset = case when i.ours then i.consumed else c.handled_offset end,
           lease_until = case when i.ours then null else c.lease_until end,
           state = case when i.ours then i.r->'state' else c.state end,
           active_installation = case when i.ours then (i.r->>'active')::uuid
                                 else c.active_installation end,
           mode = case when i.ours and i.r->'handoff' <> 'null' then 'manual' else c.mode end,
           escalated = c.escalated or (i.ours and i.r->'handoff' <> 'null')
      from input i
      left join grown g on g.tenant_id = i.tenant_id and g.conversation_id = i.conversation_id
     where c.tenant_id = i.tenant_id and c.id = i.conversation_id and c.id = any(held)
       and (i.ours or (i.overtaken and g.newest is not null))
    returning c.tenant_id, c.id, c.last_offset, c.mode
  ), done as (
    update turns t
       set status = case when i.ours then 'finished' else t.status end, finished_at = at,
           routing = i.r->'routing', outcome = i.r->>'outcome', evidence = i.r->'evidence',
           installation_id = (i.r->>'installation_id')::uuid, usage = i.r->'usage',
           confidence = (i.r->>'confidence')::real
      from input i
     where t.tenant_id = i.tenant_id and t.id = i.turn_id and t.id = any(turn_ids)
       and (i.ours or i.overtaken)
    returning t.id
  ), begun as (
    delete from journal j using input i
     where j.tenant_id = i.tenant_id and j.turn_id = i.turn_id and j.turn_id = any(turn_ids)
       and (i.ours or i.overtaken)
  ), kept as (
    insert into journal (tenant_id, turn_id, sealed)
    select i.tenant_id, i.turn_id, i.j from input i where i.ours or i.overtaken
  ), asked as (
    insert into handoffs (tenant_id, id, conversation_id, turn_id, reason, packet, created_at)
    select i.tenant_id, (i.r->'handoff'->>'id')::uuid, i.conversation_id, i.turn_id,
           i.r->'handoff'->>'reason', i.r->'handoff'->'packet', at
      from input i where i.ours and i.r->'handoff' <> 'null'
    on conflict (conversation_id, tenant_id) where status <> 'closed' do nothing
  )
  select i.ord, i.ours, m.last_offset,
         i.ours and m.mode = 'auto' and i.heard_offset > i.consumed
    from input i
    left join moved m on m.tenant_id = i.tenant_id and m.id = i.conversation_id
   order by i.ord;
end $$;

-- Whose turns these are: an operator names a turn, its tenant opens it.
grant select (tenant_id, id) on turns to hp_sweeper;
create policy sweep on turns for select to hp_sweeper using (true);
create function tenants_of_turns(turn_ids uuid[]) returns table (tenant_id uuid, turn_id uuid)
language sql stable security definer set search_path = public as $$
  select o.tenant_id, o.id from tenants n
   cross join lateral (
     select t.tenant_id, t.id from turns t
      where t.tenant_id = n.tenant_id and t.id = any(turn_ids)) o
$$;
grant create on schema public to hp_sweeper;
alter function tenants_of_turns owner to hp_sweeper;
revoke create on schema public from hp_sweeper;
revoke all on function tenants_of_turns from public;
grant execute on function tenants_of_turns to hp_app;
