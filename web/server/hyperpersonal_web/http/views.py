"""What leaves the gateway about an event, to whom. Notes and actions never reach a shopper."""

from typing import Any

import msgspec
from hyperpersonal_core.api import Event
from hyperpersonal_core.kit.ids import show

SHOPPER_KINDS = frozenset({"message", "handoff", "status"})

_encode = msgspec.json.Encoder().encode


def for_contact(event: Event) -> dict[str, Any] | None:
    """The event as the shopper's page gets it, or None when it is the staff's business."""
    text = str(event.body.get("text", ""))
    if event.kind not in SHOPPER_KINDS or not text:
        return None
    seen = {"offset": event.offset, "id": show("event", event.id), "source": event.source}
    seen |= {"kind": event.kind, "at": event.created_at.isoformat(), "text": text}
    if event.source == "contact":
        seen["external_id"] = event.external_id
    if author := event.body.get("author"):
        seen["author"] = author
    return seen


def for_member(event: Event) -> dict[str, Any]:
    """The event as the staff gets it: with its whole body and the turn it belongs to."""
    seen = {"offset": event.offset, "id": show("event", event.id), "source": event.source}
    seen |= {"kind": event.kind, "at": event.created_at.isoformat(), "body": event.body}
    seen |= {"text": str(event.body.get("text", "")), "author": event.body.get("author")}
    return seen | {"turn_id": event.turn_id and show("turn", event.turn_id)}


def frame(type_: str, **fields: Any) -> str:
    """One WebSocket frame."""
    return _encode({"type": type_, **fields}).decode()


def contact_frame(events: list[Event]) -> str:
    """One frame of news for a shopper; empty when nothing in it is for them."""
    seen = [view for event in events if (view := for_contact(event))]
    return frame("events", events=seen, newest=events[-1].offset) if seen else ""
