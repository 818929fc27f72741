"""Rollouts: a candidate release beside the installed one, what was seen of both, what was decided.

`canary_history` is to a conversation's arm what `installation_history` is to a release: a turn asks
for it as of the routing version it began with.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

SQL = """
-- History: it stays when the installation goes, so it has no foreign key to it.
create table rollouts (
  tenant_id uuid not null references tenants,
  id uuid not null,
  installation_id uuid not null,
  plugin_id text not null,
  kind text not null,
  incumbent text not null,                     -- digest of the release it is measured by
  incumbent_version text not null,
  version text not null,                       -- of the candidate, as are the next three
  digest text not null,
  manifest jsonb not null,
  grants text[] not null,
  plan jsonb not null,
  state text not null check (state in ('shadow', 'canary', 'promoted', 'rolled_back', 'stopped')),
  stage int not null default 0,
  seed bytea not null,                         -- keys the draw of the arms
  steps jsonb not null default '[]',           -- since when which share
  bets jsonb not null default '{}',
  cost_usual double precision not null,        -- of a conversation, before the rollout
  observed_to timestamptz not null,
  reason text not null default '',
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (tenant_id, id)
);
create unique index rollouts_running on rollouts (installation_id, tenant_id)
  where state in ('shadow', 'canary');
call guard_tenant_table('rollouts');

create table canary_history (
  tenant_id uuid not null,
  installation_id uuid not null,
  since bigint not null,                       -- routing version
  rollout_id uuid not null,
  steps jsonb not null,
  primary key (tenant_id, installation_id, since),
  foreign key (tenant_id, rollout_id) references rollouts (tenant_id, id),
  foreign key (tenant_id, installation_id) references installations (tenant_id, id)
    on delete cascade
);
call guard_tenant_table('canary_history');

-- One row a conversation, whichever arm: what the test was shown, once.
create table rollout_conversations (
  tenant_id uuid not null,
  rollout_id uuid not null,
  conversation_id uuid not null,
  candidate boolean not null,
  share double precision not null,
  marks double precision[] not null,           -- errors, handoffs, refunds, cost; 0..1 each
  at timestamptz not null,
  primary key (tenant_id, rollout_id, conversation_id),
  foreign key (tenant_id, rollout_id) references rollouts (tenant_id, id)
);
call guard_tenant_table('rollout_conversations');

-- One row a turn that the candidate answered in the shadow. No words of anybody are kept.
create table shadow_turns (
  tenant_id uuid not null,
  rollout_id uuid not null,
  turn_id uuid not null,
  kinds text[] not null,                       -- of the differences
  before jsonb not null,                       -- outcome, cpu_ms, tokens, host_calls
  after jsonb not null,
  at timestamptz not null,
  primary key (tenant_id, rollout_id, turn_id),
  foreign key (tenant_id, rollout_id) references rollouts (tenant_id, id)
);
call guard_tenant_table('shadow_turns');

-- What happened to it, in order: only ever added to.
create table rollout_events (
  tenant_id uuid not null,
  rollout_id uuid not null,
  place bigint generated always as identity,
  kind text not null,
  words text not null,
  detail jsonb not null default '{}',
  member_id uuid,                              -- null: decided by the evidence
  at timestamptz not null,
  primary key (tenant_id, rollout_id, place),
  foreign key (tenant_id, rollout_id) references rollouts (tenant_id, id)
);
call guard_tenant_table('rollout_events');
create function rollout_events_never_change() returns trigger language plpgsql as $$ begin
  raise exception 'the history of a rollout is never changed'
    using errcode = 'insufficient_privilege';
end $$;
create trigger never_change before update or delete on rollout_events
  for each row execute function rollout_events_never_change();

grant select (tenant_id, id, state) on rollouts to hp_sweeper;
create policy sweep on rollouts for select to hp_sweeper using (true);
create function rollouts_running(up_to int) returns table (tenant_id uuid, id uuid)
language sql stable security definer set search_path = public as $$
  select r.tenant_id, r.id from rollouts r where r.state in ('shadow', 'canary')
   order by r.id limit up_to
$$;
grant create on schema public to hp_sweeper;
alter function rollouts_running owner to hp_sweeper;
revoke create on schema public from hp_sweeper;
revoke all on function rollouts_running from public;
grant execute on function rollouts_running to hp_app;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
