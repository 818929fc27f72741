-- The demo shop's own schema, owned by a role that sees nothing else. Safe to run again.
do $$ begin
  if not exists (select from pg_roles where rolname = 'demo_shop') then create role demo_shop; end if;
end $$;
grant demo_shop to current_user;
create schema if not exists demo_shop authorization demo_shop;
set role demo_shop;

-- A data set is loaded once and never changes; a store is a copy-on-write view of one.
create table if not exists demo_shop.datasets (
  name text primary key,
  digest text not null
);
create table if not exists demo_shop.stores (
  name text primary key,
  dataset text not null references demo_shop.datasets on delete cascade
);
-- `owner` is `dataset:NAME` for what was loaded, `store:NAME` for what a store changed since.
create table if not exists demo_shop.records (
  owner text not null,
  kind text not null check (kind in ('order', 'customer', 'product')),
  id text not null,
  email text,
  full_name text,
  body bytea not null,
  primary key (owner, kind, id)
);
create index if not exists records_email on demo_shop.records (owner, email) where email is not null;
create index if not exists records_name on demo_shop.records (owner, full_name)
  where full_name is not null;
-- Every act, in the order it was done, in the names of the benchmark's tools.
create table if not exists demo_shop.acts (
  store text not null references demo_shop.stores on delete cascade,
  seq bigint generated always as identity,
  tool text not null,
  args bytea not null,
  done_at timestamptz not null default now(),
  primary key (store, seq)
);
-- What was answered to an act, by idempotency key; `request` is the sha256 of what was asked.
create table if not exists demo_shop.answers (
  store text not null references demo_shop.stores on delete cascade,
  key text not null,
  request bytea not null,
  body bytea,
  primary key (store, key)
);
reset role;
