-- Who may publish under which name, what was published, and the journal of both.
-- Nothing here belongs to a tenant: every merchant sees the same releases.

do $$ begin
  if not exists (select from pg_roles where rolname = 'hp_app') then create role hp_app; end if;
end $$;
create schema registry;
grant usage on schema registry to hp_app;

create table registry.namespaces (
  name text primary key,
  skeleton text not null unique,               -- the name as a hurried eye reads it
  created_at timestamptz not null
);
grant select, insert on registry.namespaces to hp_app;

create table registry.publisher_keys (
  key_id text primary key,                     -- sha256 of the public key: no key speaks for two
  namespace text not null references registry.namespaces,
  public bytea not null check (length(public) = 32),
  valid_from timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text not null default ''
);
create index publisher_keys_namespace on registry.publisher_keys (namespace);
grant select, insert, update (revoked_at, revoked_reason) on registry.publisher_keys to hp_app;

create table registry.releases (
  digest text primary key,
  plugin_id text not null,
  version text not null,
  namespace text not null references registry.namespaces,
  skeleton text not null,                      -- of the plugin id, without its separators
  kind text not null,
  manifest jsonb not null,
  artifact_bytes int not null,
  published_at timestamptz not null,
  status text not null default 'published' check (status in ('published', 'yanked', 'revoked')),
  status_reason text not null default '',
  unique (plugin_id, version)
);
create index releases_skeleton on registry.releases (skeleton);
-- A release is closed when it is published: only its status can change.
grant select, insert, update (status, status_reason) on registry.releases to hp_app;

-- Signatures of a release: the first with its publication, later ones with newer keys. The newest
-- counts, so that a release outlives the key it was first signed with.
create table registry.envelopes (
  digest text not null references registry.releases,
  n int not null,
  envelope bytea not null,
  added_at timestamptz not null,
  primary key (digest, n)
);
grant select, insert on registry.envelopes to hp_app;

create table registry.journal (
  n bigint primary key,                        -- 1, 2, 3, … without gaps
  at timestamptz not null,
  kind text not null,
  subject text not null,
  detail jsonb not null,
  hash bytea not null                          -- over this entry and the hash before it
);
grant select, insert on registry.journal to hp_app;

create function registry.refuse_change() returns trigger language plpgsql as
$$ begin raise exception 'the journal is only appended to'; end $$;
create trigger append_only before update or delete or truncate on registry.journal
  execute function registry.refuse_change();
