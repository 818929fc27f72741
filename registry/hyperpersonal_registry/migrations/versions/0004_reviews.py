"""Quarantine, and what anybody reports of a plugin."""

from alembic import op

revision = "0004"
down_revision = "0003"

SQL = """
alter table registry.releases drop constraint releases_status_check;
alter table registry.releases add constraint releases_status_check
  check (status in ('published', 'yanked', 'quarantined', 'revoked'));
-- What a quarantined release was before, and is again when the quarantine is lifted.
alter table registry.releases add column status_before text not null default '',
  add column reason_before text not null default '';
grant update (status_before, reason_before) on registry.releases to hp_app;

-- Somebody whose one report is enough to quarantine.
alter table registry.identities drop constraint identities_role_check;
alter table registry.identities add constraint identities_role_check
  check (role in ('reviewer', 'admin', 'reporter'));

create table registry.observations (
  id uuid primary key,
  plugin_id text not null,
  version text not null default '',            -- empty: of every release
  text text not null,
  standing text not null check (standing in ('trusted', 'user', 'other')),
  reporter text not null,                      -- `key:…` or `tenant:…`; empty: nobody we know
  at timestamptz not null,
  due_at timestamptz not null,                 -- by when somebody must have looked
  handled_at timestamptz,
  handled_by text not null default '',
  outcome text not null default ''
);
create index observations_open on registry.observations (due_at) where handled_at is null;
create index observations_plugin on registry.observations (plugin_id, at);
grant select, insert, update (handled_at, handled_by, outcome) on registry.observations to hp_app;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
