"""What differs between two answers of a hook: an agent's reply by its parts, others as JSON."""

from collections.abc import Iterator
from typing import Any

import msgspec

from hyperpersonal_runtime.replay import facts
from hyperpersonal_runtime.replay.difference import Difference, Kind, difference
from hyperpersonal_runtime.replay.trace import Trace

REPLY = "reply"
# (field of a TurnReply, kind, words); what it is when it is left out is the contract's default.
_PARTS: tuple[tuple[str, Kind, str, Any], ...] = (
    ("text", "text", "other words", ""),
    ("status", "status", "another status", "done"),
    ("handoff", "handoff", "another handover to a person", None),
    ("leftover", "text", "leaves another part to others", ""),
    ("confidence", "confidence", "another confidence", 0.5),
    ("evidence", "evidence", "other evidence", []),
    ("state", "state", "keeps another state", {}),
    ("shared", "state", "tells other agents something else", {}),
)


def compare_answers(before: Trace, after: Trace) -> Iterator[Difference]:
    """The differences of two answers that both came, or of two ends of the same kind."""
    was, now = facts.parsed(before.value), facts.parsed(after.value)
    if before.hook == REPLY and isinstance(was, dict) and isinstance(now, dict):
        yield from _replies(after.path, was, now)
    elif _text(was) != _text(now):
        yield difference("answer", after.path, "another answer", before.value, after.value)
        if facts.money(_moved(was)) != facts.money(_moved(now)):
            words = "tells that another amount was moved"
            yield difference("money", after.path, words, before.value, after.value)
    if not before.value and before.detail != after.detail:
        yield difference("outcome", after.path, "it ends so for another reason",
                         before.detail, after.detail)  # fmt: skip


def _replies(path: str, was: dict[str, Any], now: dict[str, Any]) -> Iterator[Difference]:
    for name, kind, words, default in _PARTS:
        old, new = was.get(name, default), now.get(name, default)
        if _text(old) != _text(new):
            yield difference(kind, path, words, _plain(old), _plain(new))


def _moved(answer: Any) -> Any:
    return answer.get("moved") if isinstance(answer, dict) else None


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else _text(value)


def _text(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
