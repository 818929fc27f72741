"""What a timeline holds and takes. Pure values."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

Source = Literal["contact", "agent", "member", "system"]
Kind = Literal["message", "action", "status", "handoff", "note", "delivery"]


class NewMessage(Struct, frozen=True):
    """One message of a contact. `external_id` (1..200 characters) is its channel's own id of it:
    the same id twice in a conversation is one message. `body` is `{"text": …}`, maybe with more."""

    tenant_id: UUID
    conversation_id: UUID
    contact_id: UUID
    external_id: str
    body: dict[str, Any]


class Appended(Struct, frozen=True):
    """Where a message is. `fresh` is False when it had been there before."""

    conversation_id: UUID
    event_id: UUID
    offset: int
    fresh: bool


class Event(Struct, frozen=True):
    """One row of a timeline; `offset` counts 1, 2, 3… without gaps."""

    offset: int
    id: UUID
    source: Source
    kind: Kind
    body: dict[str, Any]
    created_at: datetime
    external_id: str | None = None
    turn_id: UUID | None = None
