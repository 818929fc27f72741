-- Facts with the turn they came from, the merchant's knowledge in versions, labelled history for routing.
create extension if not exists vector;

create table facts (
  tenant_id uuid not null,
  id uuid not null,
  contact_id uuid not null,
  conversation_id uuid,                        -- set: known in this conversation only
  key text not null,
  value jsonb not null,
  source_turn_id uuid,
  call_key text,                               -- turn:call, so a re-run remembers once
  valid_from timestamptz not null,
  valid_to timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, contact_id) references contacts (tenant_id, id)
);
create unique index facts_call on facts (tenant_id, call_key) where call_key is not null;
create index facts_contact on facts (tenant_id, contact_id) where valid_to is null;
call guard_tenant_table('facts');

create table articles (
  tenant_id uuid not null references tenants,
  id uuid not null,
  external_id text not null,                   -- stable over re-imports
  title text not null,
  agent text not null default '',              -- the agent this article belongs to, if the merchant says so
  source text not null default '',
  version int not null default 1,
  digest bytea not null,
  imported_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, external_id)
);
call guard_tenant_table('articles');

create table passages (
  tenant_id uuid not null,
  id uuid not null,
  article_id uuid not null,
  version int not null,
  position int not null,
  heading text not null default '',
  body text not null,
  embedding halfvec(384) not null,
  primary key (tenant_id, id)
) partition by hash (tenant_id);
do $$ begin
  for i in 0..7 loop
    execute format('create table passages_%s partition of passages for values with (modulus 8, remainder %s)', i, i);
    execute format('create index on passages_%s using hnsw (embedding halfvec_cosine_ops) with (m = 16, ef_construction = 64)', i);
    execute format('grant select, insert, update, delete on passages_%s to hp_app', i);
    execute format('alter table passages_%s enable row level security', i);
    execute format('alter table passages_%s force row level security', i);
    execute format('create policy tenant on passages_%s using (tenant_id = any ((select app_tenants())::uuid[]))', i);
  end loop;
end $$;
create index passages_article on passages (tenant_id, article_id);
call guard_tenant_table('passages');

create table routing_examples (
  tenant_id uuid not null references tenants,
  id uuid not null,
  text text not null,
  agent text not null,                         -- an agent name, 'smalltalk' or 'out_of_scope'
  intent text not null default '',
  escalate boolean not null default false,
  embedding halfvec(384) not null,
  primary key (tenant_id, id)
);
call guard_tenant_table('routing_examples');

-- Grows by one whenever a tenant's agents, rules, articles or examples change: routers reload by it.
create table routing_versions (
  tenant_id uuid primary key references tenants,
  version bigint not null default 0
);
call guard_tenant_table('routing_versions');
