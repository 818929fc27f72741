-- The timeline: one gapless offset per conversation, append-only.

create table conversations (
  tenant_id uuid not null references tenants,
  id uuid not null,
  channel_id uuid not null,
  contact_id uuid not null,
  status text not null default 'open' check (status in ('open', 'closed')),
  mode text not null default 'auto' check (mode in ('auto', 'manual')),
  last_offset bigint not null default 0,       -- of the newest event
  heard_offset bigint not null default 0,      -- newest contact message
  handled_offset bigint not null default 0,    -- newest event a turn has consumed
  epoch bigint not null default 0,             -- fences every writer of a reply
  lease_until timestamptz,
  active_installation uuid,                    -- the agent whose question is open
  state jsonb not null default '{}',           -- per installation: its working state; 'shared': everybody's
  escalated boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, channel_id) references channels (tenant_id, id),
  foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
) with (fillfactor = 70);
-- Secondary indexes begin with what is selective, never with the tenant: before the first ANALYZE the
-- planner would else read a whole tenant through one of them where the primary key finds one row.
create index conversations_contact on conversations (contact_id, channel_id, tenant_id);
create index conversations_waiting on conversations (updated_at) where mode = 'auto' and heard_offset > handled_offset;
create index conversations_escalated on conversations (tenant_id, updated_at) where escalated;
call guard_tenant_table('conversations');

create table events (
  tenant_id uuid not null,
  conversation_id uuid not null,
  "offset" bigint not null,
  id uuid not null,
  source text not null check (source in ('contact', 'agent', 'member', 'system')),
  kind text not null check (kind in ('message', 'action', 'status', 'handoff', 'note', 'delivery')),
  external_id text,
  turn_id uuid,
  body jsonb not null,
  created_at timestamptz not null,
  primary key (tenant_id, conversation_id, "offset"),
  foreign key (tenant_id, conversation_id) references conversations (tenant_id, id)
);
create unique index events_external on events (tenant_id, conversation_id, external_id) where external_id is not null;
call guard_tenant_table('events');

-- What leaves this database. Ids only, never bodies; the relay deletes a row after the bus acknowledged it.
create table outbox (
  id uuid primary key,
  subject text not null,
  payload bytea not null,
  created_at timestamptz not null
);
grant select, insert, delete on outbox to hp_app;

-- Appends a batch of contact messages, any mix of the transaction's tenants.
-- Locks the conversations in id order, so batches never deadlock; the second statement sees what a
-- concurrent batch appended meanwhile, so the same external id twice is one row. Returns, for each
-- input in order, its event and offset, both null where the contact has no such conversation.
create function append_messages(
  at timestamptz, tenants uuid[], conversation_ids uuid[], contact_ids uuid[],
  event_ids uuid[], external_ids text[], bodies jsonb[]
) returns table (n bigint, event_id uuid, event_offset bigint, fresh boolean)
language plpgsql
-- Every row is found by its key; without statistics the planner would rather read tables whole.
set enable_seqscan = off set enable_bitmapscan = off set enable_material = off
set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
  perform 1 from conversations c
   where (c.tenant_id, c.id) in (select * from unnest(tenants, conversation_ids))
   order by c.id for update;
  return query
  with input as (
    select i.*, v.last_offset as before, k.id as known_id, k."offset" as known_offset,
           v.id is not null and k.id is null
             and row_number() over (partition by t, c, p, x order by ord) = 1 as added
      from unnest(tenants, conversation_ids, contact_ids, event_ids, external_ids, bodies)
           with ordinality as i(t, c, p, e, x, b, ord)
      left join lateral (
        select id, last_offset from conversations
         where tenant_id = t and id = c and contact_id = p limit 1) v on true
      left join lateral (
        select id, "offset" from events
         where tenant_id = t and conversation_id = v.id
           and external_id >= x and external_id <= x  -- as a range, so that its index is the one
         order by external_id limit 1) k on true
  ), counted as (
    select *, sum(added::int) over (partition by t, c order by ord) as step from input
  ), placed as (  -- a copy stands where the first of its kind stands
    select *, min(step) over (partition by t, c, p, x) as place,
           first_value(e) over (partition by t, c, p, x order by ord) as first_id
      from counted
  ), moved as (
    update conversations c
       set last_offset = f.newest, heard_offset = f.newest, updated_at = at, status = 'open'
      from (select t, c, max(before + step) as newest from placed where added group by t, c) f
     where c.tenant_id = f.t and c.id = f.c
  ), inserted as (
    insert into events (tenant_id, conversation_id, "offset", id, source, kind, external_id, body, created_at)
    select t, c, before + step, e, 'contact', 'message', x, b, at from placed where added
  )
  select ord, case when before is not null then coalesce(known_id, first_id) end,
         coalesce(known_offset, before + place), added
    from placed order by ord;
end $$;
