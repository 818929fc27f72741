"""What staff gets to see of a conversation and its turns, as JSON."""

from typing import Any

import msgspec
from hyperpersonal_core.api import Conversation, Escalated, Event, TurnView
from hyperpersonal_core.kit.ids import show

from hyperpersonal_web.http.views import for_member


class EscalatedPage(msgspec.Struct, frozen=True):
    """`next`: ask for the page after it with `after`; None on the last page."""

    items: list[dict[str, Any]]
    next: str | None


def escalated_page(found: list[Escalated], limit: int) -> EscalatedPage:
    """One page of the list."""
    last = show("handoff", found[-1].handoff_id) if len(found) == limit else None
    return EscalatedPage([_escalated(one) for one in found], last)


def conversation(found: Conversation, turns: list[TurnView]) -> dict[str, Any]:
    """Everything of one conversation."""
    actions = [event for event in found.events if event.kind == "action"]
    return {
        "conversation": {
            "id": show("conversation", found.id),
            "mode": found.mode,
            "status": found.status,
            "escalated": found.escalated,
            "member_id": found.member_id and show("member", found.member_id),
        },
        "contact": {"display_name": found.contact_name, "email": found.contact_email},
        "handoff": found.packet and {"reason": found.reason, "packet": found.packet},
        "events": [for_member(event) for event in found.events],
        "turns": [_turn(turn, actions) for turn in turns],
    }


def _escalated(one: Escalated) -> dict[str, Any]:
    return {
        "id": show("conversation", one.conversation_id),
        "handoff_id": show("handoff", one.handoff_id),
        "mode": "manual" if one.status == "taken" else "waiting",
        "reason": one.reason,
        "goal": one.goal,
        "status": one.status,
        "member_id": one.member_id and show("member", one.member_id),
        "contact": {"display_name": one.contact_name},
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }


def _turn(turn: TurnView, actions: list[Event]) -> dict[str, Any]:
    return {
        "id": show("turn", turn.id),
        "status": turn.status,
        "attempts": turn.attempts,
        "agent": turn.agent,
        "plugin": turn.plugin_id and f"{turn.plugin_id}@{turn.version}",
        "routing": turn.routing,
        "outcome": turn.outcome,
        "confidence": turn.confidence,
        "evidence": turn.evidence or [],
        "actions": [_action(event.body) for event in actions if event.turn_id == turn.id],
        "usage": turn.usage or [],
        "first_offset": turn.first_offset,
        "last_offset": turn.last_offset,
        "started_at": turn.started_at,
        "finished_at": turn.finished_at,
    }


def _action(body: dict[str, Any]) -> dict[str, Any]:
    arguments = body.get("arguments") or {}
    told = ", ".join(f"{name} {_short(value)}" for name, value in arguments.items())
    failure = body.get("failure") or ""
    return {
        "tool": body.get("tool", ""),
        "ok": body.get("done") is True,
        "summary": failure or told,
    }


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:57] + "…"
