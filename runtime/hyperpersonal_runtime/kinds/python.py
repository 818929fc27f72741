"""Python source in the shared guest; compiled to code objects inside a guest, once per host."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from hyperpersonal_sdk.contract.outcomes import Outcome

from hyperpersonal_runtime.calls import CallResult, HookCall, Limits, SealedRelease
from hyperpersonal_runtime.ending import End, end_of
from hyperpersonal_runtime.frames import Answer, Ask, Code, Done, Start, Warm
from hyperpersonal_runtime.hook_run import guest_limits
from hyperpersonal_runtime.kinds import kind
from hyperpersonal_runtime.kinds.kind import Ready
from hyperpersonal_runtime.overdue import GRACE_SECONDS, Overdue
from hyperpersonal_runtime.pool import (
    Lane,
    PoolClosedError,
    PoolFullError,
    WorkerLostError,
    WorkerPool,
)
from hyperpersonal_runtime.promotion import Promoter
from hyperpersonal_runtime.proofs import Proofs, differs

RELEASES_MAX = 1_000
ATTEMPTS_MAX = 2
COMPILE_LIMITS = Limits(
    memory_mib=256, guest_cpu_ms=10_000, deadline_ms=30_000, output_bytes=8 << 20, host_calls=0
)
LOAD_LIMITS = Limits(host_calls=0)
NO_HOOK = "none"  # a release is loaded by a call of a hook that it does not have
_DEADLINE_SECONDS = COMPILE_LIMITS.deadline_ms / 1000


class PythonKind:
    """The kind `python`. A release that `promoter` has made a component of runs in that."""

    def __init__(self, pool: WorkerPool, promoter: Promoter) -> None:
        self._pool = pool
        self._promoter = promoter
        self._proofs = Proofs()
        self._releases: dict[str, asyncio.Task[Ready | End]] = {}

    async def ready(self, release: SealedRelease) -> Ready | End:
        """The release's own component, else its code as the worker wants it."""
        if own := self._promoter.find(release.digest):
            return Ready(component=own)
        ready = await self._code(release)
        if isinstance(ready, Ready):
            self._promoter.count(release.digest, ready.code, self)
        return ready

    async def promote(self, release: SealedRelease) -> str:
        """Give the release a component of its own now, as a hot one gets by itself in time; '' or
        why it stays as it is."""
        ready = await self._code(release)
        if isinstance(ready, End):
            return ready.detail
        return await self._promoter.promote(release.digest, ready.code, self)

    async def _code(self, release: SealedRelease) -> Ready | End:
        """The release's code. What its source alone is to blame for is not tried again: compiling
        may take seconds, and the source never changes."""
        task = self._releases.get(release.digest)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._compile(release))
            self._releases[release.digest] = task
            if len(self._releases) > RELEASES_MAX:
                self._releases.pop(next(iter(self._releases)))
        ready: Ready | End = End(Outcome.TRAPPED)
        try:
            ready = await asyncio.shield(task)
        finally:
            if isinstance(ready, End) and task.done() and not _its_own_fault(ready):
                self._releases.pop(release.digest, None)
        return ready

    async def acquire(self, call: HookCall, ready: Ready, reuse: str) -> Lane:
        scope, memory_bytes = call.scope, call.limits.memory_mib << 20
        spare = None if reuse else Warm(call.release.digest, memory_bytes, ready.component)
        return await self._pool.acquire(
            scope.tenant_id, nested=scope.nested, reuse=reuse, spare=spare
        )

    def release(self, lane: kind.Lane) -> None:
        assert isinstance(lane, Lane), lane
        self._pool.release(lane)

    async def check(self) -> End:
        """Whether a guest runs at all: compiles nothing."""
        return await self._compiled("{}")

    async def close(self) -> None:
        await self._promoter.close()
        for task in self._releases.values():
            task.cancel()
        await asyncio.gather(*self._releases.values(), return_exceptions=True)

    async def _compile(self, release: SealedRelease) -> Ready | End:
        """Source to code objects, in a guest: our own Python never reads a plugin."""
        sources = {
            path: data.decode("utf-8", "replace")
            for path, data in release.files.items()
            if path.endswith(".py") and not path.startswith("tests/")
        }
        end = await self._compiled(msgspec.json.encode(sources).decode())
        if end.outcome is not Outcome.OK:
            return end
        entry = msgspec.json.encode(release.entry).decode()
        return Ready(code=f'"entry":{entry},"modules":{end.value}')

    async def _compiled(self, sources: str) -> End:
        """Compile on any lane; once more on another when the worker is lost."""
        limits = guest_limits(COMPILE_LIMITS, _DEADLINE_SECONDS)
        for _ in range(ATTEMPTS_MAX):
            lane = await self._lane()
            if isinstance(lane, End):
                return lane
            overdue = Overdue(lane, _DEADLINE_SECONDS + GRACE_SECONDS)
            try:
                lane.send(Start("", "", sources, limits))
                done = await lane.receive()
            except WorkerLostError:
                continue
            finally:
                overdue.cancel()
            self._pool.release(lane)
            assert isinstance(done, Done), "a guest that compiles makes no host calls"
            return end_of("", done)
        return End(Outcome.TRAPPED, "the workers ended while they compiled this release")

    def learn(self, call: HookCall, result: CallResult) -> None:
        """What a release did in the shared guest: its own component must do the same."""
        if not self._promoter.find(call.release.digest):
            self._proofs.add(call, result)

    async def loads(self, digest: str, code: str) -> str:
        """Import a release and do nothing else; why its import is not the same every time."""
        return await self._tried(lambda lane: _imported(lane, digest, code), LOAD_LIMITS)

    async def agrees(self, digest: str, component: str) -> str:
        """Do the release's latest calls over in this component; what is otherwise there."""
        for proof in self._proofs.of(digest):
            differ = partial(differs, component=component, digest=digest, proof=proof)
            if why := await self._tried(differ, proof.limits):
                return why
        return ""

    async def _tried(self, work: Callable[[Lane], Awaitable[str]], limits: Limits) -> str:
        lane = await self._lane()
        if isinstance(lane, End):
            return lane.detail
        overdue = Overdue(lane, limits.deadline_ms / 1000 + GRACE_SECONDS)
        try:
            why = await work(lane)
        except WorkerLostError:
            return "its worker ended while it was tried"
        finally:
            overdue.cancel()
        self._pool.release(lane)
        return why

    async def _lane(self) -> Lane | End:
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                return await self._pool.acquire(nested=True)
        except (TimeoutError, PoolFullError):
            return End(Outcome.TIMED_OUT, "no worker was free to compile this release")
        except PoolClosedError:
            return End(Outcome.SUSPENDED, "the host is closing")


async def _imported(lane: Lane, digest: str, code: str) -> str:
    """Why this release cannot be frozen; '' when its import asked for nothing and said nothing."""
    asked = ""
    limits = guest_limits(LOAD_LIMITS, LOAD_LIMITS.deadline_ms / 1000)
    lane.send(Start(NO_HOOK, digest, "{}", limits))
    while not isinstance(frame := await lane.receive(), Done):
        if isinstance(frame, Ask):
            asked = asked or f"its import asks for {frame.name}"
            lane.send(Answer("unavailable", "nothing is answered while a release is imported"))
        else:
            lane.send(Code(code))
    if asked:
        return asked
    if frame.logs:
        return f"its import writes to the log: {frame.logs[0][:200]}"
    return "" if frame.case == "not-found" else f"its import ends in {frame.case}: {frame.text}"


def _its_own_fault(end: End) -> bool:
    """Whether compiling the same source again must end the same way."""
    lasting = end.outcome in (Outcome.REFUSED, Outcome.OVER_LIMIT)
    return lasting or (end.outcome is Outcome.TIMED_OUT and "CPU" in end.detail)
