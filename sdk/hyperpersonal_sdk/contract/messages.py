"""What a channel plugin hands to the core (`parse_inbound`) and what it is handed (`deliver`)."""

from typing import Any, Literal

from msgspec import Struct

MESSAGE_BYTES_MAX = 256 * 1024
TEXT_CHARS_MAX = 16_000


class InboundMessage(Struct, frozen=True):
    """One message as its channel knows it. `external_id` is the channel's own id of it:
    the same id twice in a channel is one message."""

    external_id: str
    text: str
    contact_ref: str = ""
    conversation_ref: str = ""
    sent_at: str = ""
    meta: dict[str, Any] = {}


class OutboundMessage(Struct, frozen=True):
    """A reply on its way out. `id` is stable over retries, so delivery can be idempotent."""

    id: str
    conversation_ref: str
    text: str
    meta: dict[str, Any] = {}


class DeliveryStatus(Struct, frozen=True):
    """What became of an outbound message."""

    status: Literal["delivered", "queued", "failed"]
    detail: str = ""
