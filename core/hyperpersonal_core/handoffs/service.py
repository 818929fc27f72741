"""People in the conversation: who waits for one, taking over, answering, handing back.

Rules (ADR 0010):
1. While a conversation waits for a person or has one, its mode is manual: agents are silent, and
   what the shopper writes is kept for the person.
2. A takeover and a handing back each begin an epoch. An agent's reply carries the epoch of its
   claim and is committed under the same row lock, so none follows a takeover.
3. One person at a time: another member takes over first, and everybody sees who it is.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from hyperpersonal_core.handoffs import repository
from hyperpersonal_core.handoffs.values import Conversation, Escalated, Taken
from hyperpersonal_core.kit import outbox
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.envelope import Wake, encode
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.kit.outbox import INBOUND, TIMELINE, Relay

PAGE_MAX = 200
EVENTS_MAX = 500
TEXT_CHARS_MAX = 16_000
_FIRST = UUID(int=0)


class _Change:
    """A conversation's row, held; what is told about it when the change is committed."""

    def __init__(self, connection: Connection, place: tuple[UUID, UUID], row: Any) -> None:
        self.connection = connection
        self.place = place
        self.row = row
        self.newest = 0
        self.wakes_agents = False


class Handoffs:
    """The staff's side of conversations. The caller has checked the member's role."""

    def __init__(self, db: Database, relay: Relay, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._relay = relay
        self._clock = clock
        self._ids = ids

    async def list_escalated(
        self, tenant_id: UUID, after: UUID | None = None, limit: int = 50
    ) -> list[Escalated]:
        """Conversations that wait for a person or have one, longest waiting first.

        `after` is the handoff id of the page before; at most `limit` (200 at most).
        """
        async with self._db.transaction(tenant_id) as connection:
            rows = await repository.list_escalated(
                connection, tenant_id, after or _FIRST, min(limit, PAGE_MAX)
            )
        return [Escalated(**dict(row)) for row in rows]

    async def read(self, tenant_id: UUID, conversation_id: UUID) -> Conversation:
        """The conversation with its packet and its last 500 events. Raises NotFoundError."""
        async with self._db.transaction(tenant_id) as connection:
            row, events = await repository.read(connection, tenant_id, conversation_id, EVENTS_MAX)
        if row is None:
            raise _missing(conversation_id)
        return Conversation(**dict(row), events=events)

    async def take_over(self, tenant_id: UUID, conversation_id: UUID, member_id: UUID) -> Taken:
        """Give the conversation to this member, from whoever has it. Raises NotFoundError."""
        async with self._change(tenant_id, conversation_id) as change:
            handoff = (self._ids.new(), member_id)
            now = self._clock.now()
            epoch = await repository.take(change.connection, change.place, handoff, now)
            body = {"status": "taken_over", "member_id": member_id}
            offset = await self._append(change, ("member", "status", None, body))
        return Taken(epoch, offset)

    async def reply(
        self,
        tenant_id: UUID,
        conversation_id: UUID,
        member_id: UUID,
        text: str,
        *,
        external_id: str | None = None,
    ) -> int:
        """Answer the shopper; returns the message's offset. The same external id is sent once.

        Raises:
            ConflictError: agents or another member have the conversation; take over first.
            RefusedError: the text is empty or has more than 16,000 characters.
            NotFoundError: the tenant has no such conversation.
        """
        body = {"text": _checked(text), "member_id": member_id}
        async with self._change(tenant_id, conversation_id) as change:
            if external_id is not None:
                known = await repository.known(change.connection, change.place, external_id)
                if known is not None:
                    return known
            _must_have(change.row, member_id)
            return await self._append(change, ("member", "message", external_id, body))

    async def note(self, tenant_id: UUID, conversation_id: UUID, member_id: UUID, text: str) -> int:
        """Write something only staff sees; returns its offset. Raises as `reply`, no conflict."""
        body = {"text": _checked(text), "member_id": member_id}
        async with self._change(tenant_id, conversation_id) as change:
            return await self._append(change, ("member", "note", None, body))

    async def hand_back(self, tenant_id: UUID, conversation_id: UUID, member_id: UUID) -> int:
        """Let agents answer again, from what the person has not answered on; returns the offset.

        Raises:
            ConflictError: agents have it already, or another member has it.
            NotFoundError: the tenant has no such conversation.
        """
        return await self._release((tenant_id, conversation_id), member_id, "open")

    async def close(self, tenant_id: UUID, conversation_id: UUID, member_id: UUID) -> int:
        """End the matter; the shopper's next message opens it for agents. Raises as hand_back."""
        return await self._release((tenant_id, conversation_id), member_id, "closed")

    async def _release(self, place: tuple[UUID, UUID], member_id: UUID, status: str) -> int:
        async with self._change(*place) as change:
            if change.row["mode"] != "manual":
                raise ConflictError("agents answer this conversation already")
            if change.row["member_id"] not in (None, member_id):
                _must_have(change.row, member_id)
            told = "handed_back" if status == "open" else "closed"
            body = {"status": told, "member_id": member_id}
            offset = await self._append(change, ("member", "status", None, body))
            change.wakes_agents = await repository.release(change.connection, place, status)
        return offset

    @asynccontextmanager
    async def _change(self, tenant_id: UUID, conversation_id: UUID) -> AsyncIterator[_Change]:
        """One transaction that holds the conversation, and tells about it after the commit."""
        sent: list[tuple[UUID, str, bytes]] = []
        async with self._db.transaction(tenant_id) as connection:
            row = await repository.lock(connection, tenant_id, conversation_id)
            if row is None:
                raise _missing(conversation_id)
            change = _Change(connection, (tenant_id, conversation_id), row)
            yield change
            payload = encode([Wake(tenant_id, conversation_id, change.newest)])
            if change.newest:
                sent.append((self._ids.new(), TIMELINE, payload))
            if change.wakes_agents:
                sent.append((self._ids.new(), INBOUND, payload))
            for message in sent:
                await outbox.put(connection, message, self._clock.now())
        for message in sent:
            self._relay.hurry(*message)

    async def _append(
        self, change: _Change, event: tuple[str, str, str | None, dict[str, Any]]
    ) -> int:
        now = self._clock.now()
        row = (self._ids.new(), *event)
        change.newest = await repository.append(change.connection, change.place, row, now)
        return change.newest


def _checked(text: str) -> str:
    text = text.strip().replace("\0", "")
    if not 1 <= len(text) <= TEXT_CHARS_MAX:
        raise RefusedError(f"a text has 1 to {TEXT_CHARS_MAX} characters")
    return text


def _must_have(row: Any, member_id: UUID) -> None:
    if row["mode"] != "manual" or row["member_id"] != member_id:
        by = "agents" if row["mode"] != "manual" else "nobody or another member"
        raise ConflictError(f"{by} have this conversation; take it over first")


def _missing(conversation_id: UUID) -> NotFoundError:
    return NotFoundError("there is no such conversation", conversation_id=str(conversation_id))
