"""How a hook call went: what it asked, what it was answered, how it ended. Pure values."""

from typing import Any, Literal

import msgspec
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import Struct

from hyperpersonal_runtime.journal import Entry
from hyperpersonal_runtime.records import CallRecord, Recording

How = Literal["recorded", "elsewhere", "again", "given", "simulated", "refused", "none"]
# Of these a plugin may ask as often as it likes: they show nobody anything.
VALUES = frozenset({"clock.now", "random.bytes"})

# How these ended depends on the machine, not on the plugin.
CUT = frozenset({Outcome.TIMED_OUT, Outcome.SUSPENDED})


class Asked(Struct, frozen=True):
    """One host call of a run. `how` the answer was found: `recorded` under its number, `elsewhere`
    in the turn, `again` (asked before in this run), `given` (clock, randomness), `simulated` (a
    write that was not made), `refused` by the grants, `none` (the run ended here)."""

    path: str
    name: str
    request: str
    answer: str | None = None
    write: bool = False
    how: How = "recorded"
    cost: dict[str, Any] = {}

    @property
    def tokens(self) -> int:
        """What a language model read and wrote for it."""
        return int(self.cost.get("tokens_in", 0)) + int(self.cost.get("tokens_out", 0))

    @classmethod
    def of(cls, entry: Entry) -> "Asked":
        """What a journal's entry tells."""
        return cls(
            entry.path, entry.name, entry.request, entry.answer, entry.write, cost=entry.cost
        )


class Trace(Struct, frozen=True):
    """One hook call from its request to its end. `parted`: why it could not go on, with the call at
    which that was."""

    path: str
    plugin: str
    hook: str
    outcome: Outcome
    value: str = ""
    detail: str = ""
    logs: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()
    guest_cpu_ms: float = 0.0
    parted: str = ""

    @property
    def tokens(self) -> int:
        """What language models read and wrote for it."""
        return sum(one.tokens for one in self.asked)


def recorded(recording: Recording, call: CallRecord) -> Trace:
    """How a call went when it was recorded."""
    return Trace(
        call.path, f"{call.plugin_id}@{call.version}", call.hook, call.outcome, call.value,
        call.detail, call.logs, tuple(map(Asked.of, recording.entries_of(call))),
        call.guest_cpu_ms,
    )  # fmt: skip


def canonical(request: str) -> str:
    """The request with its keys in order, and those of a body of JSON; as it is when it is none."""
    try:
        value = msgspec.json.decode(request)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return request
    if isinstance(value, dict) and isinstance(value.get("body"), str):
        value["body"] = canonical(value["body"])
    return msgspec.json.encode(value, order="sorted").decode()
