"""What each grant was really used for: from the journals, calls and hosts only, never a body.

Rules:
1. A call counts for each grant that allowed it. One that moved money counts for the
   money grant too.
2. A call that was refused counts for none; what was asked and not granted is told apart.
3. A grant that no call used in the time looked at is offered for removal, unless the plugin cannot
   work without it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hyperpersonal_core.api import Installation, JournalRow, RecordedTurns
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_sdk.capabilities import (
    Capability,
    Http,
    Knowledge,
    Kv,
    Memory,
    Model,
    Money,
    Tool,
    parse,
)
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from hyperpersonal_sdk.manifest import Manifest
from hyperpersonal_sdk.url_patterns import split_url
from msgspec import Struct

from hyperpersonal_marketplace.permissions import Group, group_of, in_words

DAYS = 30
TURNS_MAX = 5_000
EXAMPLES_MAX = 3
REFUSED_MAX = 20


class GrantUse(Struct, frozen=True):
    """One grant. `examples`: the commonest calls, as `commerce.orders.get` or `GET api.example`."""

    capability: str
    group: Group
    words: str
    calls: int
    last_used: datetime | None
    examples: tuple[str, ...]
    needed: bool

    @property
    def removable(self) -> bool:
        """Nothing used it, and the plugin works without."""
        return not self.calls and not self.needed


class GrantsUsed(Struct, frozen=True):
    """Of one installation since `since`. `turns`: how many were looked at, of them all the newest.
    `refused`: calls that were asked and not granted, with how often."""

    since: datetime
    turns: int
    grants: list[GrantUse]
    refused: dict[str, int]


class _Tally:
    def __init__(self) -> None:
        self.calls = 0
        self.last = 0.0
        self.names: Counter[str] = Counter()

    def add(self, row: JournalRow, name: str) -> None:
        self.calls += 1
        self.last = max(self.last, row.started_at)
        self.names[name] += 1


class GrantUses:
    """Reads journals, counts, and keeps nothing. One a process."""

    def __init__(self, recorded: RecordedTurns, clock: Clock) -> None:
        self._recorded = recorded
        self._clock = clock

    async def of(self, present: Installation, days: int = DAYS) -> GrantsUsed:
        """What the installation's grants were used for in its tenant's newest turns.

        Raises:
            RefusedError: a journal was altered.
        """
        since = self._clock.now() - timedelta(days=days)
        rights = [parse(text) for text in present.grants]
        tallies = [_Tally() for _ in rights]
        refused: Counter[str] = Counter()
        turns = 0
        async for rows in self._recorded.host_calls(present.tenant_id, since, TURNS_MAX):
            turns += 1
            for row in rows:
                if row.installation_id == present.id:
                    _count(row, rights, tallies, refused)
        needed = _needed(present, rights)
        uses = [_use(*one) for one in zip(rights, tallies, needed, strict=True)]
        return GrantsUsed(since, turns, uses, dict(refused.most_common(REFUSED_MAX)))


def _count(
    row: JournalRow, rights: Sequence[Capability], tallies: list[_Tally], refused: Counter[str]
) -> None:
    asked = _decoded(row.request)
    name = call_name(row.name, asked)
    if not name:
        return
    if _is_denied(row.answer):
        refused[name] += 1
        return
    for right, tally in zip(rights, tallies, strict=True):
        if allows(right, row.name, asked):
            tally.add(row, name)


def call_name(call: str, asked: dict[str, Any]) -> str:
    """A host call without what was said in it; empty for one that needs no grant."""
    family = call.partition(".")[0]
    if call == "tool.call":
        return str(asked.get("tool", ""))[:100]
    if call in {"http.fetch", "http.open"}:
        place = split_url(str(asked.get("url", "")))
        return f"{asked.get('method', 'GET')} {place.host if place else '?'}"[:120]
    return call if family in {"memory", "knowledge", "model", "kv"} else ""


def allows(right: Capability, call: str, asked: dict[str, Any]) -> bool:
    """Whether this right had a part in allowing a call that was allowed."""
    match right:
        case Tool():
            return call == "tool.call" and _allows_tool(right, str(asked.get("tool", "")))
        case Money():
            spec = COMMERCE_TOOLS.get(str(asked.get("tool", "")))
            return call == "tool.call" and spec is not None and spec.money
        case Http():
            method, url = str(asked.get("method", "GET")), str(asked.get("url", ""))
            return call in {"http.fetch", "http.open"} and right.allows(method, url)
        case Memory(effect=effect):
            return call == ("memory.recall" if effect == "read" else "memory.remember")
    family = {Knowledge: "knowledge", Model: "model", Kv: "kv"}[type(right)]
    return call.startswith(f"{family}.")


def _allows_tool(right: Tool, tool: str) -> bool:
    spec = COMMERCE_TOOLS.get(tool)
    return right.covers(parse(spec.capability)) if spec else right.interface == tool


def _needed(present: Installation, rights: Sequence[Capability]) -> Iterator[bool]:
    required = list(msgspec.convert(present.manifest, Manifest).required)
    return (any(right.meet(one) is not None for one in required) for right in rights)


def _use(right: Capability, tally: _Tally, needed: bool) -> GrantUse:  # noqa: FBT001
    last = datetime.fromtimestamp(tally.last, UTC) if tally.last else None
    examples = tuple(name for name, _ in tally.names.most_common(EXAMPLES_MAX))
    words = in_words(right.text)
    return GrantUse(right.text, group_of(right), words, tally.calls, last, examples, needed)


def _is_denied(answer: str | None) -> bool:
    failure = _decoded(answer or "").get("failure")
    return isinstance(failure, dict) and failure.get("kind") == "denied"


def _decoded(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return {}
    return found if isinstance(found, dict) else {}
