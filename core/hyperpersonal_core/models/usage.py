"""What models cost: by conversation, agent and day, from the turns themselves. Covers: M-LLM-06."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from hyperpersonal_core.kit.db import Database

By = Literal["tenant", "agent", "conversation", "model", "day"]
ROWS_MAX = 1_000

_WHAT: dict[str, str] = {
    "tenant": "''",
    "agent": "split_part(u->>'plugin', '@', 1)",
    "conversation": "t.conversation_id::text",
    "model": "coalesce(u->'model'->'models'->>0, '')",
    "day": "to_char(t.finished_at at time zone 'utc', 'YYYY-MM-DD')",
}
_SUMS = """
select {what} as what, count(distinct t.id) as turns,
       sum((u->'model'->>'asks')::bigint)::bigint as asks,
       sum((u->'model'->>'tokens_in')::bigint)::bigint as tokens_in,
       sum((u->'model'->>'tokens_out')::bigint)::bigint as tokens_out,
       (select coalesce(jsonb_object_agg(c, m), '{{}}') from (
          select key as c, sum(value::bigint)::bigint as m
            from jsonb_array_elements(jsonb_agg(u->'model'->'micros')) as each(micros),
                 jsonb_each_text(each.micros) group by key) sums) as micros
  from turns t, jsonb_array_elements(t.usage) as used(u)
 where t.tenant_id = $1 and t.id >= $2 and u ? 'model'
 group by 1 order by 4 desc, 1 limit $3"""


class Spent(Struct, frozen=True):
    """What was spent on one of them (`what`: its name or id). `micros`: millionths of a currency
    unit, by currency."""

    what: str
    turns: int
    asks: int
    tokens_in: int
    tokens_out: int
    micros: dict[str, int]


async def spent(db: Database, tenant_id: UUID, since: datetime, by: By) -> list[Spent]:
    """The tenant's model costs since then, the dearest in tokens first, at most ROWS_MAX."""
    async with db.transaction(tenant_id) as connection:
        first = _first_id(since)
        rows = await connection.fetch(_SUMS.format(what=_WHAT[by]), tenant_id, first, ROWS_MAX)
    return [Spent(*row) for row in rows]


def _first_id(since: datetime) -> UUID:
    """The lowest id a turn begun then can have. Source: RFC 9562 section 5.7 (UUIDv7)."""
    return UUID(int=(int(since.timestamp() * 1000) << 80))
