"""How fast and how reliable each model was, by the hour."""

from alembic import op

revision = "0008"
down_revision = "0007"

SQL = """
create table model_hours (
  tenant_id uuid not null references tenants on delete cascade,
  installation_id uuid not null,
  model text not null,                         -- the vendor's name of it
  hour timestamptz not null,
  calls bigint not null,
  failures bigint not null,
  tokens_in bigint not null,
  tokens_out bigint not null,
  ms_sum float8 not null,
  buckets bigint[] not null,                   -- answers by time; bounds: core/models/speed.py
  primary key (tenant_id, installation_id, model, hour)
);
call guard_tenant_table('model_hours');
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
