"""What a turn did in the world: the tool calls of its journal that write."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from hyperpersonal_core.installations.sealed import JournalRow

TOOL_CALL = "tool.call"
GENERATE = "model.generate"


def actions(turn_id: UUID, rows: Iterable[JournalRow]) -> list[dict[str, Any]]:
    """Each write as people see it: the tool, its arguments, and whether it was done.

    `done` None: it left, and its answer is unknown; `key` finds it in the shop's own log.
    """
    return [_action(turn_id, row) for row in rows if row.write and row.name == TOOL_CALL]


def wrote(rows: Iterable[JournalRow], path: str) -> bool:
    """Whether the leg numbered `path` has acted, or may have."""
    return any(row.write and row.name == TOOL_CALL and leg_of(row.path) == path for row in rows)


def but_models(rows: Iterable[JournalRow]) -> list[JournalRow]:
    """Without what model plugins called to answer a `model.generate`: their requests change nothing
    outside, and what they read is what a model made up."""
    kept = list(rows)
    asked = tuple(f"{row.path}." for row in kept if row.name == GENERATE)
    return [row for row in kept if not row.path.startswith(asked)] if asked else kept


def leg_of(path: str) -> str:
    """The leg a journal path belongs to: '' for '3.1', 'agent2' for 'agent2.3.1'."""
    first = path.partition(".")[0]
    return "" if first.isdigit() else first


def answer_of(row: JournalRow) -> Any:
    """What a host call was answered: its value; None for a failure or no answer."""
    if row.answer is None:
        return None
    return msgspec.json.decode(row.answer).get("value")


def _action(turn_id: UUID, row: JournalRow) -> dict[str, Any]:
    request = msgspec.json.decode(row.request)
    failure = _failure(row)
    return {
        "tool": request.get("tool", ""),
        "arguments": request.get("arguments", {}),
        "done": None if row.answer is None else not failure,
        "failure": failure,
        "installation_id": row.installation_id,
        "key": f"{turn_id}:{row.path}",
    }


def _failure(row: JournalRow) -> str:
    if row.answer is None:
        return ""
    answer = msgspec.json.decode(row.answer)
    failure = answer.get("failure") or (answer.get("value") or {}).get("failure")
    return str(failure.get("message") or failure.get("kind")) if failure else ""
