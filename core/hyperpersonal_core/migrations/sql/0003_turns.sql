-- Installations, turns and their journal, handoffs.

create table installations (
  tenant_id uuid not null references tenants,
  id uuid not null,
  plugin_id text not null,                     -- publisher/name
  version text not null,
  digest text not null,
  kind text not null check (kind in ('agent', 'connector', 'channel', 'model', 'guard')),
  manifest jsonb not null,                     -- as signed
  grants text[] not null default '{}',
  config jsonb not null default '{}',
  secrets jsonb not null default '{}',         -- url prefix -> headers the host adds; never shown to a plugin
  enabled boolean not null default true,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, plugin_id)
);
call guard_tenant_table('installations');

-- What a tenant composed: its agents in order, and its own rules, which come first.
create table bundle_agents (
  tenant_id uuid not null,
  installation_id uuid not null,
  position int not null,
  primary key (tenant_id, installation_id),
  foreign key (tenant_id, installation_id) references installations (tenant_id, id) on delete cascade
);
call guard_tenant_table('bundle_agents');

create table routing_rules (
  tenant_id uuid not null references tenants,
  id uuid not null,
  position int not null,
  pattern text not null,                       -- words that must appear, or /regex/
  target text not null,                        -- agent name, 'person' or 'decline'
  primary key (tenant_id, id)
);
call guard_tenant_table('routing_rules');

create table turns (
  tenant_id uuid not null,
  id uuid not null,
  conversation_id uuid not null,
  epoch bigint not null,
  first_offset bigint not null,
  last_offset bigint not null,
  status text not null check (status in ('running', 'finished', 'abandoned')),
  attempts int not null default 1,
  request jsonb,                               -- kept once a write was intended: a re-run must see the same input
  routing jsonb,
  installation_id uuid,
  outcome text,
  confidence real,
  evidence jsonb,
  usage jsonb,
  deadline_at timestamptz not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, conversation_id) references conversations (tenant_id, id)
);
create unique index turns_running on turns (conversation_id, tenant_id) where status = 'running';
create index turns_conversation on turns (conversation_id, tenant_id, started_at);
call guard_tenant_table('turns');

create table journal (
  tenant_id uuid not null,
  turn_id uuid not null,
  path text not null,                          -- call number; '3.1' is the first call made on behalf of call 3
  installation_id uuid not null,
  name text not null,
  request_hash bytea not null,
  request text not null,                       -- JSON as the guest sent and got it, byte for byte
  answer text,                                 -- null: intended, answer unknown
  write boolean not null,
  cost jsonb,
  started_at timestamptz not null,
  elapsed_ms real,
  primary key (tenant_id, turn_id, path)
);
call guard_tenant_table('journal');

create table handoffs (
  tenant_id uuid not null,
  id uuid not null,
  conversation_id uuid not null,
  turn_id uuid,
  reason text not null,
  packet jsonb not null,
  status text not null default 'waiting' check (status in ('waiting', 'taken', 'closed')),
  member_id uuid,
  created_at timestamptz not null,
  taken_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, conversation_id) references conversations (tenant_id, id)
);
create unique index handoffs_open on handoffs (conversation_id, tenant_id) where status <> 'closed';
call guard_tenant_table('handoffs');

create table kv (
  tenant_id uuid not null,
  installation_id uuid not null,
  key text not null,
  value text not null,
  updated_at timestamptz not null,
  primary key (tenant_id, installation_id, key),
  foreign key (tenant_id, installation_id) references installations (tenant_id, id) on delete cascade
);
call guard_tenant_table('kv');
