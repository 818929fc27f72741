"""The timeline: append-only, one gapless offset per conversation.

Rules:
- The same external id twice is one message: in one batch, across batches, across processes.
- `append` answers only after its batch is committed with one outbox row, so what was answered
  survives any crash and reaches the workers.
- Offsets become visible in order: the conversation's row stays locked until the commit.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from hyperpersonal_core.conversations.values import Appended, Event, NewMessage
from hyperpersonal_core.kit import outbox
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.envelope import Wake, encode, newest
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_core.kit.group_commit import Batcher
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.kit.outbox import Relay
from hyperpersonal_core.kit.tracing import traceparent

EXTERNAL_ID_CHARS_MAX = 200
PAGE_MAX = 500

_APPEND = "select event_id, event_offset, fresh from append_messages($1, $2, $3, $4, $5, $6, $7)"

_READ = """
select "offset", id, source, kind, body, created_at, external_id, turn_id from events
 where tenant_id = $1 and conversation_id = $2 and "offset" > $3 order by "offset" limit $4"""

_READ_MANY = """
select a.n, e."offset", e.id, e.source, e.kind, e.body, e.created_at, e.external_id, e.turn_id
  from unnest($1::uuid[], $2::uuid[], $3::bigint[]) with ordinality as a(t, c, after, n)
 cross join lateral (
   select * from events v where v.tenant_id = a.t and v.conversation_id = a.c
      and v."offset" > a.after order by v."offset" limit $4) e
 order by a.n, e."offset" """

_OPEN = """
select id from conversations
 where tenant_id = $1 and channel_id = $2 and contact_id = $3 and status = 'open'
 order by created_at desc limit 1"""

_CREATE = """
insert into conversations (tenant_id, id, channel_id, contact_id, created_at, updated_at)
values ($1, $2, $3, $4, $5, $5)"""


class _Item(NamedTuple):
    """A message on its way, encoded by its caller so that a bad one fails alone."""

    message: NewMessage
    body: msgspec.Raw
    traceparent: str


class Timeline:
    """Every conversation's events. One a process; `close` it to flush what was taken.

    `batch_max` 1 gives every message a transaction of its own: only the benchmark wants that.
    """

    def __init__(
        self,
        db: Database,
        relay: Relay,
        clock: Clock,
        ids: Ids,
        *,
        batch_max: int = 256,
        flights_max: int = 2,
    ) -> None:
        self._db = db
        self._relay = relay
        self._clock = clock
        self._ids = ids
        self._batcher: Batcher[_Item, Appended] = Batcher(
            self._commit, size_max=batch_max, flights_max=flights_max, owner=_tenant_of
        )

    async def open(self, tenant_id: UUID, channel_id: UUID, contact_id: UUID) -> UUID:
        """The contact's open conversation in this channel; begun if there is none.

        Raises:
            NotFoundError: the tenant has no such contact or channel.
        """
        try:
            async with self._db.transaction(tenant_id) as connection:
                return await self._open(connection, tenant_id, channel_id, contact_id)
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFoundError("there is no such channel", channel_id=str(channel_id)) from error

    async def append(self, message: NewMessage) -> Appended:
        """Add a contact's message and wake the workers; returns after the commit.

        Raises:
            RefusedError: the external id is empty or too long, or the body is no JSON object.
            NotFoundError: the contact has no such conversation in this tenant.
            OutsideError: not known to be committed; append the same message again.
        """
        if not 1 <= len(message.external_id) <= EXTERNAL_ID_CHARS_MAX:
            raise RefusedError(f"a message id has 1 to {EXTERNAL_ID_CHARS_MAX} characters")
        return await self._batcher.put(_Item(message, _as_json(message.body), traceparent()))

    async def read(
        self, tenant_id: UUID, conversation_id: UUID, after: int = 0, limit: int = 100
    ) -> list[Event]:
        """Events after an offset, oldest first, at most `limit` (500 at most)."""
        async with self._db.transaction(tenant_id) as connection:
            rows = await connection.fetch(
                _READ, tenant_id, conversation_id, after, min(limit, PAGE_MAX)
            )
        return [Event(*row) for row in rows]

    async def read_many(
        self, asked: Sequence[tuple[UUID, UUID, int]], limit: int = 100
    ) -> list[list[Event]]:
        """`read` for many (tenant, conversation, after) in one query; answers in the same order."""
        tenants, conversations, after = zip(*asked, strict=True) if asked else ((), (), ())
        async with self._db.transaction(*set(tenants)) as connection:
            rows = await connection.fetch(
                _READ_MANY, tenants, conversations, after, min(limit, PAGE_MAX)
            )
        answers: list[list[Event]] = [[] for _ in asked]
        for n, *event in rows:
            answers[n - 1].append(Event(*event))
        return answers

    async def close(self) -> None:
        """Take no more messages and flush what was taken."""
        await self._batcher.close()

    async def _open(
        self, connection: Connection, tenant_id: UUID, channel_id: UUID, contact_id: UUID
    ) -> UUID:
        # The contact's row is the lock: two tabs that open at once get one conversation.
        contact = "select 1 from contacts where tenant_id = $1 and id = $2 for update"
        if await connection.fetchval(contact, tenant_id, contact_id) is None:
            raise NotFoundError("there is no such contact", contact_id=str(contact_id))
        found: UUID | None = await connection.fetchval(_OPEN, tenant_id, channel_id, contact_id)
        if found is not None:
            return found
        new = self._ids.new()
        at = self._clock.now()
        await connection.execute(_CREATE, tenant_id, new, channel_id, contact_id, at)
        return new

    async def _commit(self, batch: list[_Item]) -> list[Appended | Exception]:
        """One transaction for the batch, one envelope for whom it woke.

        A value PostgreSQL refuses would fail everybody in the batch, so then each goes alone.
        """
        try:
            return await self._commit_once(batch)
        except asyncpg.DataError as error:
            if len(batch) == 1:
                return [RefusedError(f"this message cannot be stored: {error}")]
            return [(await self._commit([item]))[0] for item in batch]

    async def _commit_once(self, batch: list[_Item]) -> list[Appended | Exception]:
        messages = [item.message for item in batch]
        at, row_id = self._clock.now(), self._ids.new()
        async with self._db.transaction(*{m.tenant_id for m in messages}) as connection:
            rows = await connection.fetch(_APPEND, at, *self._columns(batch))
            payload = _envelope(batch, rows)
            if payload:
                await outbox.put(connection, (row_id, outbox.INBOUND, payload), at)
        if payload:
            self._relay.hurry(row_id, outbox.INBOUND, payload)
        return [_answer(m, row) for m, row in zip(messages, rows, strict=True)]

    def _columns(self, batch: list[_Item]) -> tuple[list[Any], ...]:
        return (
            [item.message.tenant_id for item in batch],
            [item.message.conversation_id for item in batch],
            [item.message.contact_id for item in batch],
            [self._ids.new() for _ in batch],
            [item.message.external_id for item in batch],
            [item.body for item in batch],
        )


def _tenant_of(item: _Item) -> UUID:
    return item.message.tenant_id


def _as_json(body: dict[str, Any]) -> msgspec.Raw:
    try:
        return msgspec.Raw(msgspec.json.encode(body))
    except (TypeError, ValueError) as error:
        raise RefusedError(f"this message cannot be stored: {error}") from error


def _envelope(batch: list[_Item], rows: Sequence[Any]) -> bytes:
    wakes = [
        Wake(
            item.message.tenant_id,
            item.message.conversation_id,
            row["event_offset"],
            item.traceparent,
        )
        for item, row in zip(batch, rows, strict=True)
        if row["fresh"]
    ]
    return encode(newest(wakes)) if wakes else b""


def _answer(message: NewMessage, row: Any) -> Appended | Exception:
    if row["event_id"] is None:
        return NotFoundError("there is no such conversation")
    return Appended(message.conversation_id, row["event_id"], row["event_offset"], row["fresh"])
