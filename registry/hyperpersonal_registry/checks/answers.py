"""What two releases tell a shopper in the same scene: how sure, on what ground, to which person.

Only what an update may not take away or make up in silence; how it words things is its own.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from hyperpersonal_runtime.api import Trace

from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.requests import leaves, parsed, texts_in

UNSURE_MOST, SURE_LEAST, CERTAIN = 0.5, 0.9, 0.99
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
        if _is_certain(after, other) and not _is_certain(before, one):
            words = "it is wholly sure of what a model wrote"
            yield Change("certain", words, (), scene)
        if _moved(other) - _asked(other) and not _moved(one) - _asked(one):
            words = "tells that it moved what it did not ask for"
            yield Change("moved", words, (), scene)
        if _offers_otherwise(before, after, [one, other]):
            words = "it leaves out or puts first other things than before"
            yield Change("order", words, (), scene)
        if _other_amounts(before, after):
            yield Change("money", "it tells other amounts in the same words", (), scene)


def _offers_otherwise(before: dict[str, Any], after: dict[str, Any], calls: list[Trace]) -> bool:
    """Of things a shop answered with: those that are told, in the order they are told in."""
    names = {name for call in calls for one in call.asked for name in _named(one.answer or "")}
    was, now = ([name for _, name in sorted((text.find(name), name) for name in names
                                            if name in text)]
                for text in (str(reply.get("text", "")) for reply in (before, after)))  # fmt: skip
    return bool(was) and bool(now) and now != was[: len(now)] and set(now) <= set(was)


def _named(answer: str) -> list[str]:
    """The names of a list of things."""
    found = parsed(answer)
    while isinstance(found, dict) and "value" in found:
        found = found["value"]
    things = found if isinstance(found, list) else []
    return [str(one["name"]) for one in things if isinstance(one, dict) and one.get("name")]


def _is_certain(reply: dict[str, Any], trace: Trace) -> bool:
    """Whether nobody would look at it again, though a model wrote it."""
    asked = any(one.name == "model.generate" for one in trace.asked)
    return asked and reply.get("confidence", 0) >= CERTAIN


def _moved(trace: Trace) -> set[Any]:
    """The amounts that a tool tells to have moved."""
    value = parsed(trace.value)
    moved = value.get("moved") if isinstance(value, dict) else None
    return {moved["minor"]} if isinstance(moved, dict) and "minor" in moved else set()


def _asked(trace: Trace) -> set[Any]:
    """All numbers it handed on."""
    return {value for one in trace.asked for _, value in leaves(parsed(one.request))}


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
