"""Conversations and handoffs as staff changes them; the caller holds the conversation's row."""

from datetime import datetime
from typing import Any
from uuid import UUID

from hyperpersonal_core.conversations.values import Event
from hyperpersonal_core.kit.db import Connection

_LOCK = """
select c.mode, c.last_offset, c.heard_offset, h.member_id
  from conversations c
  left join handoffs h on h.tenant_id = c.tenant_id and h.conversation_id = c.id
                      and h.status <> 'closed'
 where c.tenant_id = $1 and c.id = $2 for update of c"""

_LIST = """
select c.id as conversation_id, h.id as handoff_id, h.reason,
       coalesce(h.packet->>'goal', '') as goal, h.status, h.member_id,
       p.display_name as contact_name, h.created_at, c.updated_at
  from conversations c
  join handoffs h on h.tenant_id = c.tenant_id and h.conversation_id = c.id and h.status <> 'closed'
  join contacts p on p.tenant_id = c.tenant_id and p.id = c.contact_id
 where c.tenant_id = $1 and c.escalated and h.id > $2
 order by h.id limit $3"""

_READ = """
select c.tenant_id, c.id, c.mode, c.status, c.escalated, p.display_name as contact_name,
       p.email as contact_email, coalesce(h.reason, '') as reason, h.packet, h.member_id
  from conversations c
  join contacts p on p.tenant_id = c.tenant_id and p.id = c.contact_id
  left join lateral (
    select * from handoffs h where h.tenant_id = c.tenant_id and h.conversation_id = c.id
     order by h.id desc limit 1) h on true
 where c.tenant_id = $1 and c.id = $2"""

_EVENTS = """
select "offset", id, source, kind, body, created_at, external_id, turn_id from events
 where tenant_id = $1 and conversation_id = $2 order by "offset" desc limit $3"""

_TAKE = """
update conversations set epoch = epoch + 1, mode = 'manual', escalated = true, lease_until = null
 where tenant_id = $1 and id = $2 returning epoch"""

_ABANDON = """
update turns set status = 'abandoned'
 where tenant_id = $1 and conversation_id = $2 and status = 'running'"""

_TAKEN = """
insert into handoffs (tenant_id, id, conversation_id, reason, packet, status, member_id,
                      created_at, taken_at)
values ($1, $3, $2, 'taken', '{}', 'taken', $4, $5, $5)
on conflict (conversation_id, tenant_id) where status <> 'closed' do update
   set status = 'taken', member_id = excluded.member_id, taken_at = excluded.taken_at"""

# What a person answered is handled; what came after it waits for the agents. Their working states
# and the talk before the person came are gone for them: an old handoff must not cause a new one.
_RELEASE = """
update conversations c
   set epoch = c.epoch + 1, mode = 'auto', escalated = false, lease_until = null, status = $3,
       active_installation = null,
       state = jsonb_build_object('shared', coalesce(c.state->'shared', '{}'), 'since',
                                  coalesce(done.taken, c.handled_offset)),
       handled_offset = case when $3 = 'closed' then c.last_offset
                        else greatest(c.handled_offset, done.answered) end
  from (select max("offset") filter (where source = 'member' and kind = 'message') as answered,
               max("offset") filter (where kind = 'handoff' or body->>'status' = 'taken_over')
                 as taken
          from events where tenant_id = $1 and conversation_id = $2) done
 where c.tenant_id = $1 and c.id = $2
returning c.heard_offset > c.handled_offset"""

_CLOSE_HANDOFF = """
update handoffs set status = 'closed'
 where tenant_id = $1 and conversation_id = $2 and status <> 'closed'"""

_APPEND = "select append_event($1, $2, $3, $4, $5, $6, $7, $8)"

_KNOWN = """
select "offset" from events where tenant_id = $1 and conversation_id = $2 and external_id = $3"""


async def lock(connection: Connection, tenant_id: UUID, conversation_id: UUID) -> Any:
    """The conversation's marks, held until the commit; None when there is none."""
    return await connection.fetchrow(_LOCK, tenant_id, conversation_id)


async def list_escalated(
    connection: Connection, tenant_id: UUID, after: UUID, limit: int
) -> list[Any]:
    """Rows of open handoffs, oldest first, after the handoff `after`."""
    return list(await connection.fetch(_LIST, tenant_id, after, limit))


async def read(
    connection: Connection, tenant_id: UUID, conversation_id: UUID, limit: int
) -> tuple[Any, list[Event]]:
    """The conversation with its newest handoff, and its last events, oldest first."""
    row = await connection.fetchrow(_READ, tenant_id, conversation_id)
    events = await connection.fetch(_EVENTS, tenant_id, conversation_id, limit)
    return row, [Event(*event) for event in reversed(events)]


async def take(
    connection: Connection, place: tuple[UUID, UUID], handoff: tuple[UUID, UUID], at: datetime
) -> int:
    """Give the conversation to a member (handoff: a new id, the member's); returns its epoch."""
    epoch: int = await connection.fetchval(_TAKE, *place)
    await connection.execute(_ABANDON, *place)
    await connection.execute(_TAKEN, *place, *handoff, at)
    return epoch


async def release(connection: Connection, place: tuple[UUID, UUID], status: str) -> bool:
    """Give it back to the agents; True when messages wait for them."""
    await connection.execute(_CLOSE_HANDOFF, *place)
    await connection.execute(_ABANDON, *place)
    waits: bool = await connection.fetchval(_RELEASE, *place, status)
    return waits


async def known(connection: Connection, place: tuple[UUID, UUID], external_id: str) -> int | None:
    """The offset of an event with this external id."""
    found: int | None = await connection.fetchval(_KNOWN, *place, external_id)
    return found


async def append(
    connection: Connection, place: tuple[UUID, UUID], event: tuple[Any, ...], at: datetime
) -> int:
    """Add one event (id, source, kind, external id or None, body); returns its offset."""
    offset: int = await connection.fetchval(_APPEND, *place, *event, at)
    return offset
