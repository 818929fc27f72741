"""What is kept of hook calls so that they can be run again: the call, its answer, its costs.

The entries of the journal are apart from it: those of a call have its path before their number.
"""

from collections.abc import Iterable

from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import Struct

from hyperpersonal_runtime.calls import CallResult, HookCall, Limits
from hyperpersonal_runtime.journal import Entry
from hyperpersonal_runtime.ports import CallScope


class CallRecord(Struct, frozen=True, omit_defaults=True):
    """One hook call as it was. `payload` and `value` are JSON texts, byte for byte; `value` is
    empty unless it ended well. Times in milliseconds; `runs`: how often the guest began."""

    plugin_id: str
    version: str
    digest: str
    hook: str
    payload: str
    scope: CallScope
    outcome: Outcome
    grants: tuple[str, ...] = ()
    limits: Limits = Limits()
    runtime_kind: str = "python"
    value: str = ""
    detail: str = ""
    logs: tuple[str, ...] = ()
    guest_cpu_ms: float = 0.0
    elapsed_ms: float = 0.0
    runs: int = 1

    @classmethod
    def of(cls, call: HookCall, result: CallResult) -> "CallRecord":
        """The record of a call and how it ended."""
        release = call.release
        return cls(
            release.plugin_id, release.version, release.digest, call.hook, call.payload.decode(),
            call.scope, result.outcome, call.grants, call.limits, release.runtime_kind,
            result.value.decode(errors="replace"), result.detail, result.logs,
            round(result.guest_cpu_ms, 3), round(result.elapsed_ms, 3), result.runs,
        )  # fmt: skip

    @property
    def path(self) -> str:
        """Its place in the turn: '' for the first agent, '3' for who served its call 3."""
        return self.scope.path


class Recording(Struct, frozen=True):
    """A turn's hook calls and the journal of all of them."""

    calls: tuple[CallRecord, ...] = ()
    entries: tuple[Entry, ...] = ()

    def entries_of(self, call: CallRecord) -> tuple[Entry, ...]:
        """The host calls this hook call made itself, in order."""
        return own_entries(call.path, self.entries)


def own_entries(path: str, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Those directly under a path, in the order of their numbers."""
    prefix = f"{path}." if path else ""
    numbered = {
        int(entry.path[len(prefix) :]): entry
        for entry in entries
        if entry.path.startswith(prefix) and entry.path[len(prefix) :].isdigit()
    }
    return tuple(numbered[number] for number in sorted(numbered))
