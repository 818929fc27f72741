"""The plugin host: takes one hook call, gives one result, whatever the plugin does."""

import asyncio
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from hyperpersonal_sdk.contract.outcomes import Outcome
from opentelemetry.trace import Tracer

from hyperpersonal_runtime.build_step import Progress
from hyperpersonal_runtime.builder import Builder
from hyperpersonal_runtime.calls import CallResult, HookCall, SealedRelease
from hyperpersonal_runtime.compiled import Compiled
from hyperpersonal_runtime.egress.fetcher import Fetcher
from hyperpersonal_runtime.ending import End
from hyperpersonal_runtime.flights import Flights
from hyperpersonal_runtime.frames import Answer, Done
from hyperpersonal_runtime.guest_build import ensure_guest
from hyperpersonal_runtime.hook_run import HookRun, Surroundings
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.jail.program import Jail
from hyperpersonal_runtime.kinds.component import ComponentKind
from hyperpersonal_runtime.kinds.kind import Kind, Lane, Ready
from hyperpersonal_runtime.kinds.process import ProcessKind
from hyperpersonal_runtime.kinds.python import PythonKind
from hyperpersonal_runtime.overdue import GRACE_SECONDS, Overdue
from hyperpersonal_runtime.pool import (
    PoolClosedError,
    PoolFullError,
    WorkerLostError,
    WorkerPool,
)
from hyperpersonal_runtime.ports import Ports
from hyperpersonal_runtime.promotion import Promoter, Promotion
from hyperpersonal_runtime.spans import CallSpan
from hyperpersonal_runtime.worker.spawn import worker_spawn

LANES_PER_WORKER = 16
LOST_WORKERS_MAX = 2
_NOBODY_WAITS = Answer("limit", "nobody waits for this call any more", stop=True)


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
        jail: the wall that workers and plugins run behind; None: the strongest that works here.
        tracer: where spans go; None: nobody traces.
        promotion: when a hot `python` release gets a component of its own; None: when asked only.
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
        jail: Jail | None = None,
        tracer: Tracer | None = None,
        promotion: Promotion | None = None,
    ) -> None:
        self._cache = cache
        self._promotion = promotion
        self._workers = workers or os.cpu_count() or 1
        self._lanes = lanes
        self._progress = progress
        self._now = now
        self._random = random
        self._jail = jail
        self._fetcher = fetcher or Fetcher()
        self._tracer = tracer
        self._kinds: dict[str, Kind] = {}
        self._flights = Flights()
        self._drains: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._pool: WorkerPool | None = None
        self._native: ProcessKind | None = None
        self._around: Surroundings | None = None

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The worker processes alive now, for health reports and for tests that kill one."""
        return tuple(worker.pid for worker in self._pool.workers) if self._pool else ()

    @property
    def native_pids(self) -> tuple[int, ...]:
        """The processes of native plugins alive now."""
        return self._native.pids if self._native else ()

    @property
    def tier(self) -> str:
        """How strong the wall around the workers is: jail.program.Tier; '' before the start."""
        return self._jail.tier if self._jail else ""

    async def start(self, ports: Ports) -> None:
        """Build the guest if this machine has none yet (some 15 s), then start the workers."""
        self._around = Surroundings(ports, self._fetcher, self._now, self._random, self._tracer)
        if self._jail is None:
            self._jail = await asyncio.to_thread(find_jail)
        build = asyncio.to_thread(ensure_guest, self._cache, self._progress, self._jail)
        machine_code = await build
        spawn = await asyncio.to_thread(worker_spawn, self._jail, self._workers)
        self._pool = WorkerPool(spawn, machine_code.resolve(), self._workers, self._lanes)
        await self._pool.start()
        python, component = self._wasm_kinds(self._pool, machine_code, self._jail)
        self._native = ProcessKind(self._jail, self._cache.parent / "env")
        self._kinds = {"python": python, "component": component, "process": self._native}
        await self._check_workers(python)

    async def close(self) -> None:
        """Calls that wait end as `suspended` (their journal is kept), the others as they can."""
        self._closing.set()
        for task in self._drains:
            task.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)
        await asyncio.gather(*(kind.close() for kind in self._kinds.values()))
        if self._pool is not None:
            await self._pool.close()
        await self._fetcher.close()

    async def call(self, call: HookCall) -> CallResult:
        """Run one hook; never raises for what a plugin does."""
        assert self._around is not None, "start() comes first"
        started = time.monotonic()
        with CallSpan(call, self._tracer) as span:
            ready = await self._ready(call)
            if isinstance(ready, End):
                return _result(ready, None, started, 0)
            run, kind = HookRun(call, self._around, ready), self._kinds[call.release.runtime_kind]
            try:
                work = self._to_its_end(run, kind)
                end = await self._flights.fly(call.release.digest, work)
            finally:
                await run.close()
            span.finish(end.outcome, run.done)
        result = _result(end, run, started, len(run.done))
        if isinstance(kind, PythonKind):
            kind.learn(call, result)
        return result

    @property
    def running(self) -> tuple[str, ...]:
        """The digests of the releases that have a call in flight."""
        return self._flights.digests

    def stop(self, digest: str, why: str) -> int:
        """End every call of a release that is in flight as refused; how many there were."""
        stopped = self._flights.stop(digest, why)
        if self._native is not None:
            self._native.stop(digest)
        return stopped

    async def prepare(self, release: SealedRelease) -> str:
        """Make a release ready before its first call; '' or why it cannot run here."""
        kind = self._kinds.get(release.runtime_kind)
        ready = await kind.ready(release) if kind else End(Outcome.REFUSED, "not a kind of ours")
        if isinstance(ready, End):
            return ready.detail
        return await kind.try_load(release) if isinstance(kind, ProcessKind) else ""

    async def promote(self, release: SealedRelease) -> str:
        """Give a `python` release a component of its own, some 10 s of a core; '' or why not."""
        python = self._kinds["python"]
        assert isinstance(python, PythonKind), python
        return await python.promote(release)

    def _wasm_kinds(
        self, pool: WorkerPool, shared: Path, jail: Jail
    ) -> tuple[PythonKind, ComponentKind]:
        folder = shared.resolve().parent
        builder, compiled = Builder(jail, folder), Compiled(folder)
        python = PythonKind(pool, Promoter(builder, compiled, shared, self._promotion))
        return python, ComponentKind(python, builder, compiled)

    async def _ready(self, call: HookCall) -> Ready | End:
        """The release, ready to run; or why this call cannot even begin."""
        if len(call.payload) > call.limits.input_bytes:
            size, most = len(call.payload), call.limits.input_bytes
            return End(Outcome.OVER_LIMIT, f"the payload has {size} bytes, {most} are allowed")
        if self._jail is not None and (words := self._jail.refusal(call.release.plugin_id)):
            return End(Outcome.REFUSED, words)
        kind = self._kinds.get(call.release.runtime_kind)
        if kind is None:
            words = f"plugins of the kind {call.release.runtime_kind!r} do not run here"
            return End(Outcome.REFUSED, words)
        return await kind.ready(call.release)

    async def _to_its_end(self, run: HookRun, kind: Kind) -> End:
        """Run, wait, run again: until there is an outcome or no time is left."""
        lost = 0
        while run.remaining_seconds > 0:
            try:
                end = await self._on_a_lane(run, kind)
            except WorkerLostError:
                lost += 1
                if lost == LOST_WORKERS_MAX:
                    return End(Outcome.TRAPPED, f"{lost} workers ended while they ran this call")
                continue
            except PoolFullError:
                return End(Outcome.OVER_LIMIT, "too many calls wait for a worker")
            except PoolClosedError:
                await run.save()  # a call that was held until now has not been kept
                return End(Outcome.SUSPENDED, f"the host is closing; open: {run.open_calls}")
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

    async def _on_a_lane(self, run: HookRun, kind: Kind) -> End:
        """One run on a lane. A guest that does not end by itself takes its worker with it."""
        try:
            async with asyncio.timeout(max(0.0, run.remaining_seconds)):
                lane = await kind.acquire(run.call, run.ready, run.reuse)
        except TimeoutError:
            return End(Outcome.TIMED_OUT, "no worker was free before the deadline")
        overdue = Overdue(lane, run.remaining_seconds + GRACE_SECONDS)
        try:
            end = await run.run_once(lane)
        except WorkerLostError:
            if overdue.killed:
                return End(Outcome.TIMED_OUT, "the guest did not stop; its worker was ended")
            raise
        except BaseException:
            self._drain(lane, kind)
            raise
        finally:
            overdue.cancel()
        kind.release(lane)
        return end

    def _drain(self, lane: Lane, kind: Kind) -> None:
        """The caller went away in the middle of a run: let the guest end without it."""
        task = asyncio.get_running_loop().create_task(self._drained(lane, kind))
        self._drains.add(task)
        task.add_done_callback(self._drains.discard)

    async def _drained(self, lane: Lane, kind: Kind) -> None:
        lane.send(_NOBODY_WAITS)
        overdue = Overdue(lane, GRACE_SECONDS)
        try:
            while not isinstance(await lane.receive(), Done):
                lane.send(_NOBODY_WAITS)
        except WorkerLostError:
            return
        finally:
            overdue.cancel()
        kind.release(lane)

    async def _check_workers(self, python: PythonKind) -> None:
        """A worker that cannot run a guest is found at the start, not by a shopper."""
        end = await python.check()
        if end.outcome is not Outcome.OK:
            await self.close()
            raise RuntimeError(f"the sandbox does not work here: {end.detail}")


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
