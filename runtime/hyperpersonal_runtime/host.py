"""The plugin host: takes one hook call, gives one result, whatever the plugin does."""

import asyncio
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog
from hyperpersonal_sdk.contract.outcomes import Outcome
from opentelemetry.trace import Tracer

from hyperpersonal_runtime.calls import CallResult, HookCall, Limits, SealedRelease
from hyperpersonal_runtime.frames import Answer, Done, Start
from hyperpersonal_runtime.guest_build import Progress, ensure_guest
from hyperpersonal_runtime.hook_run import End, HookRun, Surroundings, end_of, guest_limits
from hyperpersonal_runtime.hostcalls.fetcher import Fetcher
from hyperpersonal_runtime.pool import (
    Lane,
    PoolClosedError,
    PoolFullError,
    WorkerLostError,
    WorkerPool,
)
from hyperpersonal_runtime.ports import Ports
from hyperpersonal_runtime.spans import CallSpan
from hyperpersonal_runtime.worker.spawn import Spawn, spawn_worker

LANES_PER_WORKER = 16
LOST_WORKERS_MAX = 2
GRACE_SECONDS = 2.0
RELEASES_MAX = 1_000
COMPILE_LIMITS = Limits(
    memory_mib=256, guest_cpu_ms=10_000, deadline_ms=30_000, output_bytes=8 << 20, host_calls=0
)
_NOBODY_WAITS = Answer("limit", "nobody waits for this call any more", stop=True)

log = structlog.get_logger("runtime")


def _system_now() -> datetime:
    return datetime.now(UTC)


class Host:
    """Implements api.PluginHost with worker processes.

    Args:
        cache: folder of compiled guests (`<root>/.hp/cache/guest`).
        workers: processes; as many as cores is right.
        lanes: calls a worker runs at once.
        progress: told how far the guest's build is, at a first start.
        now, random: the host's clock and randomness, replaceable for tests.
        fetcher: the HTTP client behind `http.fetch`.
        spawn: how a worker process is started: the seam for the operating system's jail.
        tracer: where spans go; None: nobody traces.
    """

    def __init__(
        self,
        cache: Path,
        *,
        workers: int | None = None,
        lanes: int = LANES_PER_WORKER,
        progress: Progress = lambda stage, fraction: None,
        now: Callable[[], datetime] = _system_now,
        random: Callable[[int], bytes] = os.urandom,
        fetcher: Fetcher | None = None,
        spawn: Spawn = spawn_worker,
        tracer: Tracer | None = None,
    ) -> None:
        self._cache = cache
        self._workers = workers or os.cpu_count() or 1
        self._lanes = lanes
        self._progress = progress
        self._now = now
        self._random = random
        self._spawn = spawn
        self._fetcher = fetcher or Fetcher()
        self._tracer = tracer
        self._codes: dict[str, asyncio.Task[End]] = {}
        self._drains: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._pool: WorkerPool | None = None
        self._around: Surroundings | None = None

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The worker processes alive now, for health reports and for tests that kill one."""
        return tuple(worker.pid for worker in self._pool.workers) if self._pool else ()

    async def start(self, ports: Ports) -> None:
        """Build the guest if this machine has none yet (some 15 s), then start the workers."""
        machine_code = await asyncio.to_thread(ensure_guest, self._cache, self._progress)
        self._around = Surroundings(ports, self._fetcher, self._now, self._random, self._tracer)
        self._pool = WorkerPool(self._spawn, machine_code.resolve(), self._workers, self._lanes)
        await self._pool.start()
        await self._check_workers()

    async def close(self) -> None:
        """Calls that wait end as `suspended` (their journal is kept), the others as they can."""
        self._closing.set()
        for task in [*self._codes.values(), *self._drains]:
            task.cancel()
        await asyncio.gather(*self._codes.values(), *self._drains, return_exceptions=True)
        if self._pool is not None:
            await self._pool.close()
        await self._fetcher.close()

    async def call(self, call: HookCall) -> CallResult:
        """Run one hook; never raises for what a plugin does."""
        assert self._around is not None, "start() comes first"
        started = time.monotonic()
        with CallSpan(call, self._tracer) as span:
            if len(call.payload) > call.limits.input_bytes:
                size, most = len(call.payload), call.limits.input_bytes
                words = f"the payload has {size} bytes, {most} are allowed"
                return _result(End(Outcome.OVER_LIMIT, words), None, started, 0)
            code = await self._code(call.release)
            if code.outcome is not Outcome.OK:
                return _result(code, None, started, 0)
            run = HookRun(call, self._around, code.value)
            try:
                end = await self._to_its_end(run, nested=call.scope.nested)
            finally:
                await run.close()
            span.finish(end.outcome, run.done)
        return _result(end, run, started, len(run.done))

    async def _to_its_end(self, run: HookRun, *, nested: bool) -> End:
        """Run, wait, run again: until there is an outcome or no time is left."""
        lost = 0
        while run.remaining_seconds > 0:
            try:
                end = await self._on_a_lane(run, nested=nested)
            except WorkerLostError:
                lost += 1
                if lost == LOST_WORKERS_MAX:
                    return End(Outcome.TRAPPED, f"{lost} workers ended while they ran this call")
                continue
            except PoolFullError:
                return End(Outcome.OVER_LIMIT, "too many calls wait for a worker")
            except PoolClosedError:
                return End(Outcome.SUSPENDED, "the host is closing")
            if end.outcome is not Outcome.SUSPENDED:
                return end
            if not await self._answers(run):
                if self._closing.is_set():
                    return End(Outcome.SUSPENDED, f"the host is closing; open: {run.open_calls}")
                break
        return End(
            Outcome.TIMED_OUT, f"the deadline has passed; open: {run.open_calls or 'nothing'}"
        )

    async def _answers(self, run: HookRun) -> bool:
        """Wait for a suspended call's answers, or for the host's end."""
        waiting = asyncio.ensure_future(run.wait_for_answers())
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait((waiting, closing), return_when=asyncio.FIRST_COMPLETED)
            return waiting.done() and waiting.result()
        finally:
            for task in (waiting, closing):
                task.cancel()
            await asyncio.gather(waiting, closing, return_exceptions=True)

    async def _on_a_lane(self, run: HookRun, *, nested: bool) -> End:
        """One run on a lane. A guest that does not end by itself takes its worker with it."""
        assert self._pool is not None
        try:
            async with asyncio.timeout(max(0.0, run.remaining_seconds)):
                lane = await self._pool.acquire(nested=nested, reuse=run.reuse)
        except TimeoutError:
            return End(Outcome.TIMED_OUT, "no worker was free before the deadline")
        overdue = _Overdue(lane, run.remaining_seconds + GRACE_SECONDS)
        try:
            end = await run.run_once(lane)
        except WorkerLostError:
            if overdue.killed:
                return End(Outcome.TIMED_OUT, "the guest did not stop; its worker was ended")
            raise
        except BaseException:
            self._drain(lane)
            raise
        finally:
            overdue.cancel()
        self._pool.release(lane)
        return end

    def _drain(self, lane: Lane) -> None:
        """The caller went away in the middle of a run: let the guest end without it."""
        task = asyncio.get_running_loop().create_task(self._drained(lane))
        self._drains.add(task)
        task.add_done_callback(self._drains.discard)

    async def _drained(self, lane: Lane) -> None:
        lane.send(_NOBODY_WAITS)
        overdue = _Overdue(lane, GRACE_SECONDS)
        try:
            while not isinstance(await lane.receive(), Done):
                lane.send(_NOBODY_WAITS)
        except WorkerLostError:
            return
        finally:
            overdue.cancel()
        assert self._pool is not None
        self._pool.release(lane)

    async def _code(self, release: SealedRelease) -> End:
        """The release's compiled code as the worker wants it; compiled once per host."""
        task = self._codes.get(release.digest)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._compile(release))
            self._codes[release.digest] = task
            if len(self._codes) > RELEASES_MAX:
                self._codes.pop(next(iter(self._codes)))
        end = End(Outcome.TRAPPED)
        try:
            end = await asyncio.shield(task)
        finally:
            if end.outcome is not Outcome.OK and task.done():
                self._codes.pop(release.digest, None)
        return end

    async def _compile(self, release: SealedRelease) -> End:
        """Source to code objects, in a guest: our own Python never reads a plugin."""
        assert self._pool is not None
        sources = {
            path: data.decode("utf-8", "replace")
            for path, data in release.files.items()
            if path.endswith(".py") and not path.startswith("tests/")
        }
        end = await self._compiled(msgspec.json.encode(sources).decode())
        if end.outcome is not Outcome.OK:
            return end
        entry = msgspec.json.encode(release.entry).decode()
        return End(Outcome.OK, value=f'"entry":{entry},"modules":{end.value}')

    async def _compiled(self, sources: str) -> End:
        """Compile on any lane; once more on another when the worker is lost."""
        assert self._pool is not None
        limits = guest_limits(COMPILE_LIMITS, COMPILE_LIMITS.deadline_ms / 1000)
        for _ in range(LOST_WORKERS_MAX):
            lane = await self._lane_to_compile()
            if isinstance(lane, End):
                return lane
            overdue = _Overdue(lane, COMPILE_LIMITS.deadline_ms / 1000 + GRACE_SECONDS)
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

    async def _lane_to_compile(self) -> Lane | End:
        assert self._pool is not None
        try:
            async with asyncio.timeout(COMPILE_LIMITS.deadline_ms / 1000):
                return await self._pool.acquire(nested=True)
        except (TimeoutError, PoolFullError):
            return End(Outcome.TIMED_OUT, "no worker was free to compile this release")
        except PoolClosedError:
            return End(Outcome.SUSPENDED, "the host is closing")

    async def _check_workers(self) -> None:
        """A worker that cannot run a guest is found at the start, not by a shopper."""
        end = await self._compiled("{}")
        if end.outcome is not Outcome.OK:
            await self.close()
            raise RuntimeError(f"the sandbox does not work here: {end.detail}")


class _Overdue:
    """Ends a lane's worker when a run is far over its time."""

    def __init__(self, lane: Lane, seconds: float) -> None:
        self.killed = False
        self._lane = lane
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.0, seconds), self._kill)

    def cancel(self) -> None:
        self._timer.cancel()

    def _kill(self) -> None:
        log.error("worker.overdue", pid=self._lane.worker.pid)
        self.killed = True
        self._lane.worker.kill()


def _result(end: End, run: HookRun | None, started: float, runs: int) -> CallResult:
    return CallResult(
        outcome=end.outcome,
        value=end.value.encode(),
        detail=end.detail,
        journal=run.entries if run else (),
        logs=run.logs if run else (),
        guest_cpu_ms=run.guest_cpu_ms if run else 0.0,
        instantiate_ms=run.done[-1].instantiate_ms if run and run.done else 0.0,
        elapsed_ms=(time.monotonic() - started) * 1e3,
        runs=runs,
    )
