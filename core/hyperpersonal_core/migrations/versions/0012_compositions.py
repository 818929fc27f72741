"""What a tenant composed beyond order and rules: hours, languages, fallback, voice."""

from alembic import op

revision = "0012"
down_revision = "0011"

SQL = """
-- Since which routing version: a turn keeps what it began with. The newest hundred are kept.
create table compositions (
  tenant_id uuid not null references tenants,
  since bigint not null,
  body jsonb not null,
  primary key (tenant_id, since)
);
call guard_tenant_table('compositions');

create function prune_compositions() returns trigger language plpgsql as $$ begin
  delete from compositions c where c.tenant_id = new.tenant_id and c.since < (
    select min(s.since) from (select since from compositions k where k.tenant_id = new.tenant_id
                               order by since desc limit 100) s);
  return null;
end $$;
create trigger prune after insert on compositions
  for each row execute function prune_compositions();
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
