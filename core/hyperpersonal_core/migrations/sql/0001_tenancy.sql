-- Tenants, members, contacts, channels. Every table: tenant in the key, RLS forced.
-- A transaction names the tenants it acts for: set_config('app.tenant_id', 'uuid[,uuid...]', true).

do $$ begin
  if not exists (select from pg_roles where rolname = 'hp_app') then create role hp_app; end if;
end $$;
grant hp_app to current_user;

create function app_tenants() returns uuid[] stable language sql as
$$ select string_to_array(nullif(current_setting('app.tenant_id', true), ''), ',')::uuid[] $$;

-- Locks a table to the transaction's tenants and lets the application role use it.
create procedure guard_tenant_table(name text) language plpgsql as $$ begin
  execute format('alter table %I enable row level security', name);
  execute format('alter table %I force row level security', name);
  execute format('create policy tenant on %I using (tenant_id = any ((select app_tenants())::uuid[]))', name);
  execute format('grant select, insert, update, delete on %I to hp_app', name);
end $$;

create table tenants (
  tenant_id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text not null,
  settings jsonb not null default '{}',
  created_at timestamptz not null
);
call guard_tenant_table('tenants');

create table members (
  tenant_id uuid not null references tenants,
  id uuid not null,
  email text not null,
  name text not null,
  role text not null check (role in ('owner', 'manager', 'agent', 'viewer')),
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, email)
);
call guard_tenant_table('members');

create table channels (
  tenant_id uuid not null references tenants,
  id uuid not null,
  kind text not null,
  name text not null,
  config jsonb not null default '{}',
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
call guard_tenant_table('channels');

create table contacts (
  tenant_id uuid not null references tenants,
  id uuid not null,
  display_name text not null default '',
  email text not null default '',
  attributes jsonb not null default '{}',
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create index contacts_email on contacts (tenant_id, email) where email <> '';
call guard_tenant_table('contacts');

-- Who presents a key may learn whose it is, before any tenant is known, and nothing else.
create table access_keys (
  key_hash bytea primary key,
  tenant_id uuid not null references tenants,
  kind text not null check (kind in ('channel', 'member')),
  ref_id uuid not null,
  created_at timestamptz not null
);
call guard_tenant_table('access_keys');
create policy presented on access_keys for select
  using (key_hash = decode(nullif(current_setting('app.key_hash', true), ''), 'hex'));
