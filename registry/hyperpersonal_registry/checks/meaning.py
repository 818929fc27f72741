"""What a difference between two runs means, and what of it nobody needs to be told."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from hyperpersonal_runtime.api import Difference, Trace
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from hyperpersonal_sdk.contract.hooks import ReviewVerdict

from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.requests import SENDS, parsed
from hyperpersonal_registry.checks.scene import KEY, SETTING

_DECIDES = re.compile(
    r"public|shar|open|notif|visib|forward|cop(?:y|ies)|confirm|consent|skip|forc|overrid|enabl|"
    r"auto|ignor|disabl|allow|verif|paid|approv|admin|refund|charg|live|capture|send",
    re.IGNORECASE,
)
READS = frozenset({"kv.get", "memory.recall", "knowledge.search"})


def judged(differences: Sequence[Difference], after: Trace | None, scene: str) -> Iterator[Change]:
    """Of differences of one scene, what they change; `after`: the run they were seen in."""
    for one in differences:
        change = _change(one, after, scene)
        if change is not None:
            yield change


def _change(one: Difference, after: Trace | None, scene: str) -> Change | None:
    """What a difference means; None for what nobody needs to be told."""
    last = one.words.rpartition(": ")[2]
    names: dict[str, tuple[str, ...]] = {
        "host": (last,),
        "recipient": (last,),
        "field": _leaf_names(last.split(", ")),
        "tool added": _tools(one),
    }
    kind = _kind(one)
    if kind == "model":
        return Change(kind, "tells a model otherwise what to do", (), scene)
    if kind in ("field", "header", "tool"):
        given = _values(one, last.split(", "))
        grave = _leaves(one, after) and not (kind == "field" and _is_harmless(last, given))
        values = tuple(value if isinstance(value, str) else "" for value in given)
        return Change(kind, one.words, names[one.kind], scene, grave=grave, values=values)
    if kind in ("host", "recipient", "money", "refused"):
        return Change(kind, one.words, names.get(kind, ()), scene)
    if kind == "answer" and _lets_pass(one):
        return Change(kind, "lets pass what the release before held back", (), scene)
    if kind in ("handoff", "status", "outcome"):
        return Change(kind, one.words, (), scene, grave=False)
    return _lost(one, scene)


def _leaf_names(paths: list[str]) -> tuple[str, ...]:
    """The names of fields; of one in another that is new as well, both together."""
    ends = [path for path in paths if not any(other.startswith(f"{path}.") for other in paths)]
    new = [path.split(".") for path in ends]
    return tuple(
        " ".join(part for size, part in enumerate(parts, 1)
                 if size == len(parts) or ".".join(parts[:size]) in paths)
        for parts in new
    )  # fmt: skip


def _kind(one: Difference) -> str:
    """A difference's kind, as it is judged: a header is a field, a model's ask a tool, and money
    that no longer moves is nothing to tell."""
    if one.kind == "tool added":
        return "model" if _call(one) == "model.generate" else "tool"
    names = one.words.rpartition(": ")[2].split(", ")
    if one.kind == "field" and all(name.startswith("headers.") for name in names):
        return "header"
    if one.kind == "money" and '"failure"' in one.after:
        return "failure"
    return one.kind


def _is_harmless(names: str, given: tuple[Any, ...]) -> bool:
    """Fields that hold what the merchant set, or a switch that decides nothing."""
    plain = [one for one in given if not isinstance(one, dict | list)]
    if plain and all(one == SETTING for one in plain):
        return True
    switches = all(isinstance(one, bool) or one is None for one in plain)
    return bool(plain) and switches and not _DECIDES.search(names)


def _values(one: Difference, names: list[str]) -> tuple[Any, ...]:
    """What the fields that are new hold."""
    request = parsed(one.after)
    given = request.get("arguments", request) if isinstance(request, dict) else {}
    found = []
    for name in names:
        value = given
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        found.append(value)
    return tuple(found)


def _lost(one: Difference, scene: str) -> Change | None:
    """What an update may not leave out in silence."""
    if one.kind == "tool dropped" and "kv.delete" in one.words:
        return Change("erase", "it erases less than the release before", (), scene)
    if one.kind == "evidence" and one.after == "[]":
        words = "it answers and no longer shows where it has it from"
        return Change("evidence", words, ("evidence",), scene)
    if one.kind == "arguments" and KEY in one.before and KEY not in one.after:
        words = "it no longer hands on the key by which a write acts once"
        return Change("key", words, ("key",), scene)
    return None


def _lets_pass(one: Difference) -> bool:
    """Whether a guard's verdict went from holding to passing."""
    return _verdict(one.before) == "hold" and _verdict(one.after) == "pass"


def _verdict(answer: str) -> str:
    try:
        return msgspec.json.decode(answer, type=ReviewVerdict).verdict
    except msgspec.MsgspecError:
        return ""


def _leaves(one: Difference, after: Trace | None) -> bool:
    """Whether the call it is about writes, or goes out of the shop."""
    asked = next((a for a in after.asked if a.path == one.path), None) if after else None
    if asked is None:
        return _call(one) not in READS and not _is_reading(_tools(one))
    return asked.write or asked.name in SENDS or asked.name == "kv.keys"


def _is_reading(tools: tuple[str, ...]) -> bool:
    """Whether the contract says that these only read, whatever they are asked."""
    specs = [COMMERCE_TOOLS.get(tool) for tool in tools]
    return bool(specs) and all(spec is not None and spec.effect == "read" for spec in specs)


def _tools(one: Difference) -> tuple[str, ...]:
    try:
        request = msgspec.json.decode(one.after)
    except msgspec.DecodeError:
        return ()
    tool = request.get("tool") or request.get("url") if isinstance(request, dict) else None
    return (str(tool or _call(one)),)


def _call(one: Difference) -> str:
    """The host call that a difference of the kind `tool added` is about."""
    return one.words.removeprefix("new: ").partition(" ")[0]
