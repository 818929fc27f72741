"""What staff sees of a conversation that needs a person. Pure values."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from hyperpersonal_core.conversations.values import Event

HandoffStatus = Literal["waiting", "taken", "closed"]


class Escalated(Struct, frozen=True):
    """One conversation of the list of those that wait for a person, or have one."""

    conversation_id: UUID
    handoff_id: UUID
    reason: str
    goal: str
    status: HandoffStatus
    member_id: UUID | None
    contact_name: str
    created_at: datetime
    updated_at: datetime


class Conversation(Struct, frozen=True):
    """A conversation as its person reads it. `packet` is None when nothing was handed over;
    `mode` auto: agents answer; manual: people do."""

    tenant_id: UUID
    id: UUID
    mode: Literal["auto", "manual"]
    status: Literal["open", "closed"]
    escalated: bool
    contact_name: str
    contact_email: str
    reason: str
    packet: dict[str, Any] | None
    member_id: UUID | None
    events: list[Event]


class Taken(Struct, frozen=True):
    """A takeover. From `epoch` on no agent's word enters the timeline; `offset` is its event."""

    epoch: int
    offset: int
