-- What was handed in and what became of it; who may review; who claimed a name; the TUF files.

create table registry.submissions (
  digest text primary key,
  plugin_id text not null,
  version text not null,
  namespace text not null references registry.namespaces,
  manifest jsonb not null,
  envelope bytea not null,
  key_id text not null,                        -- the publisher's key that signed it
  artifact_bytes int not null,
  sha256 text not null,                        -- of the artifact's bytes, hex
  metadata bytea,                              -- the namespace's next TUF metadata, signed
  submitted_at timestamptz not null,
  state text not null default 'submitted'
    check (state in ('submitted', 'checked', 'published', 'rejected')),
  why text[] not null default '{}',            -- what it waits for, or what spoke against it
  run int not null default 0,                  -- of the checks; the newest counts
  appeal text not null default '',
  appealed_at timestamptz,
  decided_at timestamptz
);
-- One submission of a version at a time; a rejected one may come again with another digest.
create unique index submissions_version on registry.submissions (plugin_id, version)
  where state <> 'rejected';
create index submissions_state on registry.submissions (state, submitted_at);
grant select, insert, update (envelope, key_id, metadata, state, why, run, appeal, appealed_at,
  decided_at, submitted_at) on registry.submissions to hp_app;

create table registry.verdicts (
  digest text not null references registry.submissions,
  run int not null,
  name text not null,                          -- of the check
  verdict text not null check (verdict in ('PASS', 'FAIL', 'ERROR', 'SKIPPED')),
  reason text not null default '',
  detail text[] not null default '{}',
  at timestamptz not null,
  primary key (digest, run, name)
);
grant select, insert on registry.verdicts to hp_app;

create table registry.attestations (
  digest text not null references registry.submissions,
  n int not null,
  key_id text not null,                        -- the reviewer's
  approves boolean not null,
  report text not null,
  waived text[] not null default '{}',
  reason text not null default '',
  attestation bytea not null,
  at timestamptz not null,
  primary key (digest, n)
);
grant select, insert on registry.attestations to hp_app;

-- Reviewers and admins. A publisher's key stands in publisher_keys.
create table registry.identities (
  key_id text primary key,
  public bytea not null check (length(public) = 32),
  name text not null,
  role text not null check (role in ('reviewer', 'admin')),
  added_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text not null default ''
);
grant select, insert, update (revoked_at, revoked_reason) on registry.identities to hp_app;

-- A name somebody wants. A name that was ever given is never given again: namespaces are not
-- deleted, and a claim ends by becoming one.
create table registry.claims (
  name text primary key,
  public bytea not null check (length(public) = 32),
  domain text not null default '',
  token text not null,                         -- what the domain must show
  state text not null default 'waiting' check (state in ('waiting', 'given', 'refused')),
  claimed_at timestamptz not null,
  proven_at timestamptz
);
grant select, insert, update (public, domain, token, state, claimed_at, proven_at)
  on registry.claims to hp_app;

-- How a namespace was proven: the domain, or empty where an admin gave it.
alter table registry.namespaces add column domain text not null default '';
grant update (domain) on registry.namespaces to hp_app;

create table registry.tuf_files (
  name text primary key,                       -- as mirrors serve it: timestamp.json, 3.acme.json
  data bytea not null,
  at timestamptz not null
);
grant select, insert, update (data, at), delete on registry.tuf_files to hp_app;
-- Only the timestamp is ever replaced, and only old snapshots are dropped.
create function registry.refuse_tuf_change() returns trigger language plpgsql as
$$ begin
  if tg_op = 'UPDATE' and old.name <> 'timestamp.json' then
    raise exception 'metadata that was given out is not changed';
  end if;
  if tg_op = 'DELETE' and old.name not like '%.snapshot.json' then
    raise exception 'metadata that was given out is kept';
  end if;
  return coalesce(new, old);
end $$;
create trigger kept before update or delete on registry.tuf_files
  for each row execute function registry.refuse_tuf_change();

create table registry.sboms (
  digest text primary key references registry.releases,
  sbom bytea not null,                         -- CycloneDX 1.6, JSON
  at timestamptz not null
);
grant select, insert on registry.sboms to hp_app;
