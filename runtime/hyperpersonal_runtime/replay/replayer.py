"""Runs recorded hook calls again in the sandbox, with nothing around it but the record."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

from hyperpersonal_sdk.contract.outcomes import Failure
from msgspec import Struct, structs

from hyperpersonal_runtime.calls import CallResult, HookCall, SealedRelease
from hyperpersonal_runtime.capability_granter import CapabilityGranter
from hyperpersonal_runtime.egress.streams import OpenStreams
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.hostcalls.context import Context, Effect
from hyperpersonal_runtime.hostcalls.table import prepare
from hyperpersonal_runtime.journal import Entry, request_hash
from hyperpersonal_runtime.ports import Ports
from hyperpersonal_runtime.records import CallRecord, Recording
from hyperpersonal_runtime.replay.diff import compare, dearer, exact
from hyperpersonal_runtime.replay.difference import Difference
from hyperpersonal_runtime.replay.known import Known
from hyperpersonal_runtime.replay.scripts import Exact, Guided, Kept, OpenScripts
from hyperpersonal_runtime.replay.trace import CUT, Asked, Trace, recorded

DEADLINE_MS = 120_000  # of the wall clock: a busy machine is no difference
CPU_TIMES = 3  # a CPU limit is met by endless loops, not by a slower machine
COST_TRIES = 3
LANES = 8
BASELINES_MAX = 1_000
NATIVE = "process"

Load = Callable[[str], Awaitable[SealedRelease]]
Held = TypeVar("Held")


class Replayed(Struct, frozen=True):
    """A recorded hook call, run again. `before`: how it went; `after`: how it goes now, None where
    it was not run (`skipped` says why)."""

    before: Trace
    after: Trace | None = None
    differences: tuple[Difference, ...] = ()
    skipped: str = ""


class Replayer:
    """A plugin host that answers host calls from records alone.

    Args:
        cache: folder of compiled guests.
        workers: worker processes; None: as many as cores.
        options: what else the host is to be started with (its jail, say).
    """

    def __init__(self, cache: Path, *, workers: int | None = None, **options: Any) -> None:
        self._scripts = OpenScripts()
        self._host = Host(cache, workers=workers, lanes=LANES, random=_no_random, **options)
        self._numbers = itertools.count(1)
        self._baselines: dict[tuple[str, str, str], Trace] = {}

    async def start(self) -> None:
        """Start the sandboxes; nothing is connected to them."""
        nothing: Any = _Nothing()
        await self._host.start(Ports(*(nothing,) * 6, scripts=self._scripts))

    async def close(self) -> None:
        """Stop them."""
        await self._host.close()

    async def repeat(self, recording: Recording, load: Load) -> list[Replayed]:
        """Run every hook call of a turn again, on its own release, and compare every byte."""
        return [await self._repeated(recording, call, load) for call in recording.calls]

    async def rehearse(
        self, recording: Recording, release: SealedRelease, load: Load
    ) -> list[Replayed]:
        """Run the calls of the release's plugin on it, and compare with how its recorded release
        goes here and now: then both have the same machine."""
        calls = [one for one in recording.calls if one.plugin_id == release.plugin_id]
        return [await self._rehearsed(recording, call, release, load) for call in calls]

    async def follow(self, recording: Recording, release: SealedRelease) -> list[Replayed]:
        """Run the calls of the release's plugin on it, and compare with the record alone: for
        records whose own release is not at hand. What it costs is not compared."""
        calls = [one for one in recording.calls if one.plugin_id == release.plugin_id]
        return [await self._followed(recording, call, release) for call in calls]

    async def _followed(
        self, recording: Recording, call: CallRecord, release: SealedRelease
    ) -> Replayed:
        after = await self._guided(recording, call, release)
        before = structs.replace(recorded(recording, call), guest_cpu_ms=after.guest_cpu_ms)
        return Replayed(before, after, compare(before, after))

    async def _repeated(self, recording: Recording, call: CallRecord, load: Load) -> Replayed:
        before = recorded(recording, call)
        if not call.runs:
            return Replayed(before, skipped=f"it never ran: {call.detail}")
        after = await self._exact(before, call, await load(call.digest))
        return Replayed(before, after, exact(before, after))

    async def _rehearsed(
        self, recording: Recording, call: CallRecord, release: SealedRelease, load: Load
    ) -> Replayed:
        before = recorded(recording, call)
        if not call.runs:
            return Replayed(before, skipped=f"it never ran: {call.detail}")
        if call.outcome in CUT:
            return Replayed(before, skipped=f"it was ended before its own end: {call.detail}")
        now = await self._baseline(before, call, load)
        after = await self._guided(recording, call, release)
        for _ in range(COST_TRIES - 1):  # what was dear once only was noise
            ended_otherwise = after.outcome is not now.outcome  # then cost says nothing
            if ended_otherwise or not dearer(now.guest_cpu_ms, after.guest_cpu_ms):
                break
            again = await self._guided(recording, call, release)
            after = min(after, again, key=lambda one: one.guest_cpu_ms)
        return Replayed(now, after, compare(now, after))

    async def _baseline(self, before: Trace, call: CallRecord, load: Load) -> Trace:
        """The recorded release here and now; the record where it parts from that. Kept, since many
        releases may be compared with it."""
        key = (call.scope.turn_id, call.path, call.digest)
        if key not in self._baselines:
            now = await self._exact(before, call, await load(call.digest))
            while len(self._baselines) >= BASELINES_MAX:
                self._baselines.pop(next(iter(self._baselines)))
            self._baselines[key] = before if exact(before, now) else now
        return self._baselines[key]

    async def _exact(self, before: Trace, call: CallRecord, release: SealedRelease) -> Trace:
        cut = call.outcome in CUT
        script = Exact(call.path, call.limits.host_calls, before.asked, cut=cut)
        return await self._run(call, release, script)

    async def _guided(
        self, recording: Recording, call: CallRecord, release: SealedRelease
    ) -> Trace:
        own = map(Asked.of, recording.entries_of(call))
        known = Known(own, map(Asked.of, recording.entries))
        script: Guided

        def judge(name: str, request: str, path: str) -> Effect | Failure:
            return prepare(name, request, _context(call, path, script.asked))

        script = Guided(call.path, call.limits.host_calls, known, judge)
        return await self._run(call, release, script)

    async def _run(self, call: CallRecord, release: SealedRelease, script: Kept) -> Trace:
        """One run. The scope's ids are this replay's own, so that no instance is shared; but a
        native plugin's process is, as it was when it was recorded."""
        key = f"replay-{next(self._numbers)}"
        held = release.digest if release.runtime_kind == NATIVE else key
        scope = structs.replace(call.scope, turn_id=key, tenant_id="replay", installation_id=held)
        limits = structs.replace(
            call.limits, deadline_ms=DEADLINE_MS, guest_cpu_ms=call.limits.guest_cpu_ms * CPU_TIMES
        )
        payload = call.payload.encode()
        self._scripts.put(key, script)
        try:
            result = await self._host.call(
                HookCall(release, call.hook, payload, scope, call.grants, limits)
            )
        finally:
            self._scripts.drop(key)
        return _trace(call, release, result, script)


def _trace(call: CallRecord, release: SealedRelease, result: CallResult, script: Kept) -> Trace:
    return Trace(
        call.path, f"{release.plugin_id}@{release.version}", call.hook, result.outcome,
        result.value.decode(), result.detail, result.logs, tuple(script.asked),
        result.guest_cpu_ms, script.parted,
    )  # fmt: skip


def _context(call: CallRecord, path: str, asked: list[Asked]) -> Context:
    """The surroundings of a call that is only judged: nothing in it can be used."""
    nothing: Any = _Nothing()
    return Context(
        scope=call.scope,
        granter=CapabilityGranter(call.grants, call.scope),
        ports=nothing,
        fetcher=nothing,
        streams=OpenStreams(),
        now=lambda: datetime.fromtimestamp(0, UTC),
        random=lambda n: _given_bytes(path, n),
        path=path,
        key=f"{call.scope.turn_id}:{path}",
        earlier=lambda: map(_entry, asked),
    )


def _entry(one: Asked) -> Entry:
    return Entry(
        one.path, one.name, one.request, request_hash(one.name, one.request), one.answer,
        one.write, one.cost,
    )  # fmt: skip


def _given_bytes(path: str, n: int) -> bytes:
    """Randomness that is the same in every replay."""
    return (sha256(path.encode()).digest() * (n // 32 + 1))[:n]


def _no_random(_n: int) -> bytes:
    raise AssertionError("a replay has no randomness of its own")


class _Nothing:
    """Stands where the world would be; whoever reaches for it has found a bug of ours."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"a replay reached for {name}")


async def gathered(
    works: list[Callable[[], Awaitable[Held]]], at_once: int, told: Callable[[], None]
) -> list[Held]:
    """The results in order, so many at once; `told` after each."""
    gate = asyncio.Semaphore(at_once)

    async def one(work: Callable[[], Awaitable[Held]]) -> Held:
        async with gate:
            result = await work()
        told()
        return result

    return cast("list[Held]", await asyncio.gather(*(one(work) for work in works)))
