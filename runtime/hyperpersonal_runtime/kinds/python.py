"""Python source in the shared guest; compiled to code objects inside a guest, once per host."""

import asyncio

import msgspec
from hyperpersonal_sdk.contract.outcomes import Outcome

from hyperpersonal_runtime.calls import HookCall, Limits, SealedRelease
from hyperpersonal_runtime.ending import End, end_of
from hyperpersonal_runtime.frames import Done, Start, Warm
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

RELEASES_MAX = 1_000
ATTEMPTS_MAX = 2
COMPILE_LIMITS = Limits(
    memory_mib=256, guest_cpu_ms=10_000, deadline_ms=30_000, output_bytes=8 << 20, host_calls=0
)
_DEADLINE_SECONDS = COMPILE_LIMITS.deadline_ms / 1000


class PythonKind:
    """The kind `python`."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._releases: dict[str, asyncio.Task[Ready | End]] = {}

    async def ready(self, release: SealedRelease) -> Ready | End:
        """The release's code as the worker wants it; a failure is tried anew the next time."""
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
            if isinstance(ready, End) and task.done():
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

    async def _lane(self) -> Lane | End:
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                return await self._pool.acquire(nested=True)
        except (TimeoutError, PoolFullError):
            return End(Outcome.TIMED_OUT, "no worker was free to compile this release")
        except PoolClosedError:
            return End(Outcome.SUSPENDED, "the host is closing")
