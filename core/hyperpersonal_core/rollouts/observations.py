"""What conversations showed of both arms, each once, some time after its first turn.

A conversation counts from its first turn that asked the plugin (of an agent; of a connector or a
guard: from its first turn), and is judged by its turns of the next `settle_s` seconds:
errors: a hook call of it failed, or a person got it because something did; handoffs: a person got
it; refunds: a tool that moves money was called; cost c: what models took in millionths (a token
counts one where it has no price) and one for each host call, as c / (c + what is usual).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from msgspec import Struct

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.rollouts.repository import first_id
from hyperpersonal_core.rollouts.values import Rollout

DUE_MAX = 100
LOOK_BACK = timedelta(minutes=2)  # a turn that was resumed ends late
MONEY_TOOLS = sorted(name for name, spec in COMMERCE_TOOLS.items() if spec.money)
COST_USUAL = 10.0

_COST = """
coalesce((select sum(coalesce((u->>'host_calls')::float8, 0)
       + coalesce((select sum(m.value::float8) from jsonb_each_text(u->'model'->'micros') m),
                  (u->'model'->>'tokens_in')::float8 + (u->'model'->>'tokens_out')::float8, 0))
  from jsonb_array_elements(t.usage) u where $2 or u->>'installation_id' = $3::text), 0)"""

_DUE = f"""
with asked as (
  select t.conversation_id, t.id, t.started_at, t.outcome, t.usage, {_COST} as cost
    from turns t
   where t.tenant_id = $1 and t.id >= $4 and t.status = 'finished' and t.conversation_id >= $5
     and ($2 or t.usage @> jsonb_build_array(jsonb_build_object('installation_id', $3::text)))
), due as (
  select a.conversation_id, min(a.started_at) as at from asked a
   where not exists (select from rollout_conversations o where o.tenant_id = $1
                      and o.rollout_id = $6 and o.conversation_id = a.conversation_id)
   group by 1 having min(a.started_at) <= $7 order by 2, 1 limit {DUE_MAX}
)
select d.conversation_id, d.at, sum(a.cost) as cost, bool_or(a.outcome = 'handed_over') as handoffs,
       bool_or(exists (select from jsonb_array_elements(a.usage) u
                        where ($2 or u->>'installation_id' = $3::text)
                          and (u->>'outcome' <> 'ok' or u ? 'failed'))
               or exists (select from handoffs h where h.tenant_id = $1 and h.turn_id = a.id
                           and h.conversation_id = a.conversation_id and h.reason = 'failed'))
         as errors,
       bool_or(exists (select from events e where e.tenant_id = $1
                        and e.conversation_id = a.conversation_id and e.turn_id = a.id
                        and e.kind = 'action' and e.body->>'tool' = any($8)
                        and coalesce((e.body->>'done')::boolean, true))) as refunds
  from due d join asked a on a.conversation_id = d.conversation_id and a.started_at <= d.at + $9
 group by 1, 2 order by 2, 1"""  # noqa: S608 - no input

_KEEP = """
insert into rollout_conversations (tenant_id, rollout_id, conversation_id, candidate, share, marks,
                                   at)
values ($1, $2, $3, $4, $5, $6, $7)"""

_USUAL = f"""
select avg(c.cost) from (
  select sum(s.cost) as cost from (
    select t.conversation_id, {_COST} as cost from turns t
     where t.tenant_id = $1 and t.status = 'finished' and t.id >= $4
       and ($2 or t.usage @> jsonb_build_array(jsonb_build_object('installation_id', $3::text)))
     order by t.id desc limit 1000) s
   group by s.conversation_id) c"""  # noqa: S608 - no input


class Seen(Struct, frozen=True):
    """One conversation, judged. `marks` in the order of METRICS, each 0..1."""

    conversation_id: UUID
    candidate: bool
    share: float
    marks: tuple[float, ...]
    at: datetime


async def due(connection: Connection, one: Rollout, now: datetime) -> list[Seen]:
    """Conversations to be judged now and not judged yet, in the order they began, at most 100."""
    if not one.steps:
        return []
    begun = datetime.fromtimestamp(one.steps[0].at_ms / 1000, now.tzinfo)
    settle = timedelta(seconds=one.plan.settle_s)
    since = max(begun, one.observed_to - LOOK_BACK - settle)
    rows = await connection.fetch(
        _DUE, one.tenant_id, one.kind != "agent", str(one.installation_id), first_id(since),
        first_id(begun), one.id, now - settle, MONEY_TOOLS, settle,
    )  # fmt: skip
    return [_seen(one, row) for row in rows]


async def keep(connection: Connection, one: Rollout, seen: Sequence[Seen]) -> None:
    """Never judge these again."""
    await connection.executemany(
        _KEEP,
        [
            (one.tenant_id, one.id, s.conversation_id, s.candidate, s.share, s.marks, s.at)
            for s in seen
        ],
    )


async def cost_usual(
    connection: Connection, installed: tuple[UUID, UUID, str], since: datetime
) -> float:
    """What a conversation of the installation (tenant, id, kind) took on average since then, of
    the last thousand turns; 10 when there was none."""
    tenant_id, installation_id, kind = installed
    found = await connection.fetchval(
        _USUAL, tenant_id, kind != "agent", str(installation_id), first_id(since)
    )
    return float(found or COST_USUAL)


def _seen(one: Rollout, row: Any) -> Seen:
    conversation, cost = row["conversation_id"], float(row["cost"])
    marks = (*(float(row[name]) for name in ("errors", "handoffs", "refunds")),
             cost / (cost + one.cost_usual))  # fmt: skip
    taken = one.draw.takes(one.tenant_id, conversation)
    return Seen(conversation, taken, one.draw.share(conversation), marks, row["at"])
