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
create index conversations_contact on conversations (tenant_id, contact_id, channel_id);
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
language plpgsql as $$
#variable_conflict use_column
begin
  perform 1 from conversations c
   where (c.tenant_id, c.id) in (select * from unnest(tenants, conversation_ids))
   order by c.id for update;
  return query
  with input as (
    select i.*, v.id is not null as owned, row_number() over (partition by t, c, p, x order by i.ord) as copy
      from unnest(tenants, conversation_ids, contact_ids, event_ids, external_ids, bodies)
           with ordinality as i(t, c, p, e, x, b, ord)
      left join conversations v on v.tenant_id = i.t and v.id = i.c and v.contact_id = i.p
  ), known as (
    select i.ord, v.id, v."offset" from input i
      join events v on v.tenant_id = i.t and v.conversation_id = i.c and v.external_id = i.x
     where i.owned
  ), fresh as (
    select i.*, row_number() over (partition by i.t, i.c order by i.ord) as step
      from input i where i.owned and i.copy = 1 and not exists (select 1 from known k where k.ord = i.ord)
  ), moved as (
    update conversations c
       set last_offset = c.last_offset + f.steps, heard_offset = c.last_offset + f.steps,
           updated_at = at, status = 'open'
      from (select t, c, count(*) as steps from fresh group by t, c) f
     where c.tenant_id = f.t and c.id = f.c
    returning c.tenant_id, c.id, c.last_offset - f.steps as before
  ), added as (
    insert into events (tenant_id, conversation_id, "offset", id, source, kind, external_id, body, created_at)
    select f.t, f.c, m.before + f.step, f.e, 'contact', 'message', f.x, f.b, at
      from fresh f join moved m on m.tenant_id = f.t and m.id = f.c
    returning id, tenant_id, conversation_id, "offset", external_id
  )
  select i.ord, coalesce(k.id, a.id), coalesce(k."offset", a."offset"), coalesce(a.id = i.e, false)
    from input i
    left join known k on k.ord = i.ord
    left join added a on i.owned and a.tenant_id = i.t and a.conversation_id = i.c and a.external_id = i.x
   order by i.ord;
end $$;
