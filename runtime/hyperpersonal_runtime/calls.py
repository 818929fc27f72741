"""One hook call of one verified release: what goes in, what comes out."""

from typing import Protocol

from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import Struct

from hyperpersonal_runtime.journal import Entry
from hyperpersonal_runtime.ports import CallScope, Ports


class Limits(Struct, frozen=True):
    """Ceilings of one hook call; a manifest may ask for less, a tenant may grant more."""

    memory_mib: int = 64
    guest_cpu_ms: int = 250
    deadline_ms: int = 30_000
    host_calls: int = 200
    input_bytes: int = 256 * 1024
    output_bytes: int = 64 * 1024
    log_lines: int = 64
    inline_wait_ms: int = 250


PROCESS_LIMITS = Limits(memory_mib=256, guest_cpu_ms=1_000, host_calls=1_000)


def limits_of(runtime_kind: str) -> Limits:
    """What a release has that asks for nothing else."""
    return PROCESS_LIMITS if runtime_kind == "process" else Limits()


class SealedRelease(Struct, frozen=True):
    """A release whose artifact was verified. `files`: path -> bytes, exactly what was signed."""

    plugin_id: str
    version: str
    digest: str
    entry: str
    files: dict[str, bytes]
    runtime_kind: str = "python"


class HookCall(Struct, frozen=True):
    """One call. `grants`: capability texts the tenant gave (already a subset of the asked ones).
    `recorded`: journal entries of an earlier, interrupted run of the same turn; those of other
    paths than the scope's are not replayed, they count for what the turn has moved.
    `traceparent`: W3C trace context of the caller; `unreviewed`: its tenant accepted that nobody
    reviewed the release, for whoever loads it again."""

    release: SealedRelease
    hook: str
    payload: bytes
    scope: CallScope
    grants: tuple[str, ...] = ()
    limits: Limits = Limits()
    recorded: tuple[Entry, ...] = ()
    traceparent: str = ""
    unreviewed: bool = False


class CallResult(Struct, frozen=True):
    """How it ended. `value` is the guest's JSON answer when `outcome` is ok, else empty;
    `detail` says what happened in words; `journal` all entries of this run, in order."""

    outcome: Outcome
    value: bytes = b""
    detail: str = ""
    journal: tuple[Entry, ...] = ()
    logs: tuple[str, ...] = ()
    guest_cpu_ms: float = 0.0
    instantiate_ms: float = 0.0
    elapsed_ms: float = 0.0
    runs: int = 1


class PluginHost(Protocol):
    """Runs hooks. One per process; `ports` are given at start."""

    async def start(self, ports: Ports) -> None: ...
    async def call(self, call: HookCall) -> CallResult: ...
    async def close(self) -> None: ...
