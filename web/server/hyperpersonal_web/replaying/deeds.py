"""What a turn did, in words: every hook call with the host calls it made, their times and costs."""

from collections.abc import Iterator
from typing import Any

import msgspec
from hyperpersonal_core.api import RecordedTurn
from hyperpersonal_core.kit.ids import show
from hyperpersonal_runtime.api import Asked, CallRecord, Entry

WORDS_CHARS_MAX = 160


def deeds(turn: RecordedTurn) -> dict[str, Any]:
    """The turn as JSON: its hook calls in order, each with its host calls."""
    return {
        "id": show("turn", turn.id),
        "conversation": show("conversation", turn.conversation_id),
        "status": turn.status,
        "outcome": turn.outcome,
        "started_at": turn.started_at,
        "finished_at": turn.finished_at,
        "routing": turn.routing,
        "plugins": [_plugin(turn, call) for call in _in_order(turn)],
    }


def lines(turn: RecordedTurn) -> Iterator[tuple[int, str]]:
    """(indent, words) of each line."""
    ended = turn.outcome or turn.status
    yield 0, f"{show('turn', turn.id)}  {turn.started_at:%Y-%m-%d %H:%M:%S} UTC  {ended}"
    for reason in _routed(turn.routing):
        yield 1, reason
    for call in _in_order(turn):
        served = f" for call {call.path}" if call.scope.nested else ""
        yield 1, f"{call.plugin_id}@{call.version} {call.hook}{served}: {_ended(call)}"
        for entry in turn.recording.entries_of(call):
            yield 2, _deed(entry)


def _plugin(turn: RecordedTurn, call: CallRecord) -> dict[str, Any]:
    return {
        "path": call.path,
        "plugin": f"{call.plugin_id}@{call.version}",
        "digest": call.digest,
        "hook": call.hook,
        "outcome": call.outcome,
        "detail": call.detail,
        "guest_cpu_ms": call.guest_cpu_ms,
        "elapsed_ms": call.elapsed_ms,
        "runs": call.runs,
        "logs": call.logs,
        "calls": [_call(entry) for entry in turn.recording.entries_of(call)],
    }


def _call(entry: Entry) -> dict[str, Any]:
    return {
        "path": entry.path,
        "name": entry.name,
        "words": summary(entry.name, entry.request),
        "write": entry.write,
        "answer": answered(entry.answer),
        "tokens": Asked.of(entry).tokens,
        "cost": entry.cost,
        "started_at": entry.started_at,
        "elapsed_ms": round(entry.elapsed_ms, 3),
    }


def summary(name: str, request: str) -> str:
    """What was asked for, without the plumbing."""
    asked = _parsed(request)
    if not isinstance(asked, dict):
        return _short(request)
    if name == "tool.call":
        return _short(f"{asked.get('tool', '')} {_pairs(asked.get('arguments'))}")
    if name == "http.fetch":
        return _short(f"{asked.get('method', 'GET')} {asked.get('url', '')}")
    return _short(_pairs(asked))


def answered(answer: str | None) -> str:
    """`done`, a failure in words, or that no answer is known."""
    if answer is None:
        return "no answer is known"
    told = _parsed(answer)
    failure = (told.get("failure") or _inner(told)) if isinstance(told, dict) else None
    return f"{failure.get('kind')}: {failure.get('message')}" if failure else "done"


def _inner(told: dict[str, Any]) -> Any:
    value = told.get("value")
    return value.get("failure") if isinstance(value, dict) else None


def _deed(entry: Entry) -> str:
    kind = "write" if entry.write else "read"
    tokens = Asked.of(entry).tokens
    spent = f", {tokens} tokens" if tokens else ""
    return (
        f"{entry.path:8} {entry.name} {summary(entry.name, entry.request)}"
        f"  [{kind}, {answered(entry.answer)}, {entry.elapsed_ms:.1f} ms{spent}]"
    )


def _ended(call: CallRecord) -> str:
    why = f" ({_short(call.detail)})" if call.detail else ""
    again = f", {call.runs} runs" if call.runs > 1 else ""
    return (
        f"{call.outcome}{why}, {call.elapsed_ms:.1f} ms, {call.guest_cpu_ms:.1f} ms of CPU{again}"
    )


def _routed(routing: dict[str, Any] | None) -> Iterator[str]:
    for leg in (routing or {}).get("legs", ()):
        decision = leg.get("decision") or {}
        yield f"routed to {decision.get('label') or decision.get('kind')}: {decision.get('reason')}"


def _in_order(turn: RecordedTurn) -> list[CallRecord]:
    """Agents before who served them, by number."""
    return sorted(turn.recording.calls, key=lambda call: _place(call.path))


def _place(path: str) -> list[tuple[int, str]]:
    parts = path.split(".") if path else []
    if not parts or parts[0].isdigit():
        parts = ["", *parts]
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def _parsed(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return None


def _pairs(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= WORDS_CHARS_MAX else flat[:WORDS_CHARS_MAX] + "…"
