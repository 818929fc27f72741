"""A shopper who writes while nobody has taken the handoff hears of it, now and then."""

from alembic import op

revision = "0004"
down_revision = "0003"

SQL = """
alter table handoffs add column reassured_at timestamptz;  -- when we last said: still waiting

-- One event of the engine in each of these conversations whose handoff nobody has taken, whose
-- contact wrote after it, and that had none for `every`. Locks only conversations people have,
-- in id order; a takeover holds the same row, so it comes first or finds the event before it.
create function reassure(
  at timestamptz, every interval, tenant_ids uuid[], conversation_ids uuid[], event_ids uuid[],
  event_body jsonb
) returns table (tenant_id uuid, id uuid, newest bigint)
language plpgsql
set enable_seqscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
begin
  perform 1 from (select * from unnest(tenant_ids, conversation_ids) as i(t, c) order by c) k
    cross join lateral (
      select from conversations c
       where c.tenant_id = k.t and c.id = k.c and c.mode = 'manual' for update) held;
  return query
  with waiting as (
    update handoffs h set reassured_at = at
      from unnest(tenant_ids, conversation_ids, event_ids) as i(t, c, e)
     cross join lateral (
       select from conversations c
        where c.tenant_id = i.t and c.id = i.c and c.mode = 'manual'
          and c.heard_offset > c.handled_offset limit 1) v
     where h.tenant_id = i.t and h.conversation_id = i.c and h.status = 'waiting'
       and h.conversation_id = any(conversation_ids)
       and coalesce(h.reassured_at, '-infinity') <= at - every
    returning h.tenant_id, h.conversation_id, i.e
  )
  select w.tenant_id, w.conversation_id,
         append_event(w.tenant_id, w.conversation_id, w.e, 'system', 'message', null,
                      event_body, at)
    from waiting w order by w.conversation_id;
end $$;
"""


def upgrade() -> None:
    """Many statements, so they go to asyncpg's simple query protocol as they are."""
    op.get_bind().connection.run_async(lambda raw: raw.execute(SQL))
