-- How turns are claimed, kept alive and finished: many in one round trip, each fenced by its epoch.
-- Every function locks conversations in id order, so batches never deadlock.

-- The sweep looks for forgotten work across all tenants, and sees ids and marks only.
do $$ begin
  if not exists (select from pg_roles where rolname = 'hp_sweeper') then create role hp_sweeper; end if;
end $$;
grant hp_sweeper to current_user;
grant select (tenant_id, id, mode, last_offset, heard_offset, handled_offset, lease_until, updated_at)
  on conversations to hp_sweeper;
create policy sweep on conversations for select to hp_sweeper using (true);

-- Conversations with unanswered messages older than `before` that nobody holds.
create function waiting_conversations(before timestamptz, at timestamptz, up_to int)
returns table (tenant_id uuid, id uuid, last_offset bigint)
language sql stable security definer set search_path = public as $$
  select c.tenant_id, c.id, c.last_offset from conversations c
   where c.mode = 'auto' and c.heard_offset > c.handled_offset and c.updated_at <= before
     and coalesce(c.lease_until, '-infinity') <= at
   order by c.updated_at limit up_to
$$;
grant create on schema public to hp_sweeper;
alter function waiting_conversations owner to hp_sweeper;
revoke create on schema public from hp_sweeper;
revoke all on function waiting_conversations from public;
grant execute on function waiting_conversations to hp_app;

-- Takes the free ones of the named conversations. An unfinished turn goes on under its own id, over
-- the same messages, with what was recorded of it; else a new turn opens over the unanswered burst.
create function claim_turns(
  at timestamptz, lease interval, deadline interval, messages_max int, history_max int,
  line_max int, tenant_ids uuid[], conversation_ids uuid[], turn_ids uuid[]
) returns table (
  tenant_id uuid, tenant_name text, bundle_version bigint, conversation_id uuid, channel text,
  contact_id uuid, contact_name text, contact_email text, active uuid, state jsonb,
  turn_id uuid, epoch bigint, first_offset bigint, last_offset bigint, attempts int,
  messages jsonb, history jsonb, request jsonb, journal jsonb
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
         burst.texts, talk.lines, o.request, written.entries
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
      select jsonb_agg(jsonb_build_object(
               'path', j.path, 'installation_id', j.installation_id, 'name', j.name,
               'request_hash', encode(j.request_hash, 'hex'), 'request', j.request,
               'answer', j.answer, 'write', j.write, 'cost', j.cost,
               'started_at', extract(epoch from j.started_at), 'elapsed_ms', j.elapsed_ms)) as entries
        from journal j
       where o.attempts > 1 and j.tenant_id = o.tenant_id and j.turn_id = o.id) written;
end $$;

-- Locks the conversations of these turns, in id order; returns their ids.
create function lock_conversations_of(tenant_ids uuid[], turn_ids uuid[]) returns uuid[]
language sql
set enable_seqscan = off set enable_bitmapscan = off as $$
  select array_agg(k.conversation_id) from (
    select t.tenant_id, t.conversation_id from unnest(tenant_ids, turn_ids) as i(t, n)
     cross join lateral (
       select * from turns t where t.tenant_id = i.t and t.id = i.n limit 1) t
     order by t.conversation_id) k
   cross join lateral (
     select from conversations c where c.tenant_id = k.tenant_id and c.id = k.conversation_id
        for update) held
$$;

-- Keeps the leases of running turns; returns those still held.
create function renew_turns(until timestamptz, tenant_ids uuid[], turn_ids uuid[], epochs bigint[])
returns setof uuid language plpgsql
-- Every row is found by its key, in the written order of joins: without statistics the planner would
-- rather read a tenant whole. A lateral with `limit 1` can only look its key up, and each
-- `= any(...)` bounds what even the worst order can read.
set enable_seqscan = off set enable_bitmapscan = off set enable_material = off
set enable_hashjoin = off set enable_mergejoin = off
set join_collapse_limit = 1 set plan_cache_mode = force_generic_plan
as $$
declare held uuid[];
begin
  held := lock_conversations_of(tenant_ids, turn_ids);
  return query
  update conversations c set lease_until = until
    from unnest(tenant_ids, turn_ids, epochs) as i(t, n, e)
    join turns r on r.tenant_id = i.t and r.id = i.n and r.status = 'running'
   where c.tenant_id = r.tenant_id and c.id = r.conversation_id and c.id = any(held)
     and c.epoch = i.e and c.mode = 'auto'
  returning i.n;
end $$;

-- A turn's journal rows, written or completed.
create function keep_journal(tenant uuid, turn uuid, entries jsonb) returns void language sql as $$
  insert into journal (tenant_id, turn_id, path, installation_id, name, request_hash, request,
                       answer, write, cost, started_at, elapsed_ms)
  select tenant, turn, j.path, j.installation_id, j.name, decode(j.request_hash, 'hex'), j.request,
         j.answer, j.write, j.cost, to_timestamp(j.started_at), j.elapsed_ms
    from jsonb_to_recordset(entries) as j(path text, installation_id uuid, name text,
         request_hash text, request text, answer text, write boolean, cost jsonb,
         started_at double precision, elapsed_ms real)
  on conflict (tenant_id, turn_id, path) do update
     set request_hash = excluded.request_hash, request = excluded.request,
         answer = excluded.answer, cost = excluded.cost, elapsed_ms = excluded.elapsed_ms
$$;

-- Before a write leaves: its intention and the turn's input become durable, but only while the
-- conversation is still this turn's. False: a person took over or another worker resumed it.
create function intend(
  tenant uuid, conversation uuid, turn uuid, held_epoch bigint, input jsonb, entries jsonb
) returns boolean language plpgsql as $$
begin
  perform 1 from conversations c where c.tenant_id = tenant and c.id = conversation
     and c.epoch = held_epoch and c.mode = 'auto' for share;
  if not found then return false; end if;
  update turns t set request = input where t.tenant_id = tenant and t.id = turn;
  perform keep_journal(tenant, turn, entries);
  return true;
end $$;

-- The single send point of agents. Commits a batch of finished turns: events, conversation, turn,
-- journal and handoff. A turn whose epoch has passed sends nothing; if a person took over while it
-- acted, what it did is still told (its actions, never its words). `newest` is null where nothing
-- was told; `more` where messages came meanwhile.
create function finish_turns(
  at timestamptz, tenant_ids uuid[], turn_ids uuid[], epochs bigint[], results jsonb[]
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
    select i.ord, i.r, t.tenant_id, t.id as turn_id, t.conversation_id, t.last_offset as consumed,
           c.last_offset as before, c.heard_offset,
           t.status = 'running' and c.epoch = i.e and c.mode = 'auto' as ours,
           t.status = 'abandoned' and t.finished_at is null as overtaken
      from unnest(tenant_ids, turn_ids, epochs, results) with ordinality as i(t, n, e, r, ord)
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
  ), kept as (
    select keep_journal(i.tenant_id, i.turn_id, i.r->'journal')
      from input i where i.ours or i.overtaken
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
   where (select count(*) from kept) is not null
   order by i.ord;
end $$;

-- One event by staff or the engine, outside a turn. The caller holds the conversation's row.
create function append_event(
  tenant uuid, conversation uuid, event_id uuid, event_source text, event_kind text,
  external text, event_body jsonb, at timestamptz
) returns bigint language plpgsql as $$
declare place bigint;
begin
  update conversations c set last_offset = c.last_offset + 1, updated_at = at
   where c.tenant_id = tenant and c.id = conversation
  returning c.last_offset into place;
  insert into events (tenant_id, conversation_id, "offset", id, source, kind, external_id, body, created_at)
  values (tenant, conversation, place, event_id, event_source, event_kind, external, event_body, at);
  return place;
end $$;
