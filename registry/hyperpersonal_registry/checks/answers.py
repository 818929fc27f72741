"""What two releases tell a shopper in the same scene: how sure, on what ground, to which person.

Only what an update may not take away or make up in silence; how it words things is its own.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from hyperpersonal_runtime.api import Trace

from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.requests import parsed, texts_in

UNSURE_MOST, SURE_LEAST = 0.5, 0.9
_NO_GROUND = "it answers and no longer shows where it has it from"
_AMOUNT = re.compile(r"\d+[.,]\d\d(?!\d)")
_DECLINED = "declined"


def told_otherwise(was: list[Trace], now: list[Trace], scene: str) -> Iterator[Change]:
    """Of calls that follow each other in one scene, call by call."""
    for number, (one, other) in enumerate(zip(was, now, strict=False)):
        before, after = reply_of(one), reply_of(other)
        if before.get("evidence") and not _shows(after):
            yield Change("evidence", _NO_GROUND, ("evidence",), scene)
        if _grew_sure(before, after):
            words = "it is sure where it was not, and shows nothing for it"
            yield Change("evidence", words, ("evidence",), scene)
        if before.get("handoff") and after and not after.get("handoff"):
            words = "it no longer hands over to a person"
            yield Change("handoff", words, ("person",), scene)
        for ref in _unfounded(after, now[: number + 1]) - _unfounded(before, was[: number + 1]):
            words = f"it shows evidence that it did not ask for: {ref[:60]}"
            yield Change("evidence", words, (ref,), scene)
        if _other_amounts(before, after):
            yield Change("money", "it tells other amounts in the same words", (), scene)


def reply_of(trace: Trace) -> dict[str, Any]:
    """The answer of an agent; {} of anything else."""
    try:
        reply = msgspec.json.decode(trace.value)
    except msgspec.DecodeError:
        return {}
    return reply if isinstance(reply, dict) and "confidence" in reply else {}


def _shows(reply: dict[str, Any]) -> bool:
    """Whether a reply names its evidence, or says nothing that would need some."""
    if reply.get("status", "done") != "done":
        return True
    return bool(reply.get("evidence")) or not reply.get("text")


def _grew_sure(before: dict[str, Any], after: dict[str, Any]) -> bool:
    unsure = before.get("status") == _DECLINED and before.get("confidence", 1) <= UNSURE_MOST
    return unsure and not _shows(after) and after.get("confidence", 0) >= SURE_LEAST


def _unfounded(reply: dict[str, Any], calls: list[Trace]) -> set[str]:
    """References to tools that were not called, and to passages nobody found."""
    asked = [one for call in calls for one in call.asked]
    tools = {str(parsed(one.request).get("tool")) for one in asked if one.name == "tool.call"}
    found = {text for one in asked for text in texts_in(parsed(one.answer or ""))}
    missing = set()
    for one in reply.get("evidence") or []:
        ref = str(one.get("ref", ""))
        if one.get("kind") == "tool" and not any(ref.startswith(tool) for tool in tools):
            missing.add(ref)
        if one.get("kind") == "passage" and ref not in found:
            missing.add(ref)
    return missing


def _other_amounts(before: dict[str, Any], after: dict[str, Any]) -> bool:
    was, now = str(before.get("text", "")), str(after.get("text", ""))
    same = re.sub(r"\d", "0", was) == re.sub(r"\d", "0", now)
    return same and _AMOUNT.findall(was) != _AMOUNT.findall(now)
