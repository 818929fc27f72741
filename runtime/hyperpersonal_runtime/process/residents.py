"""All warm processes of a host: started when first needed, kept while used, bounded in number."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog
from msgspec import Struct

from hyperpersonal_runtime.calls import Limits
from hyperpersonal_runtime.jail.program import JailError
from hyperpersonal_runtime.pool import PoolClosedError, PoolFullError
from hyperpersonal_runtime.process.call_lane import CallLane
from hyperpersonal_runtime.process.resident import Key, Resident, Start, oldest_idle

LOOK_SECONDS = 0.25
CRASHES_FREE = 2
BACK_OFF_SECONDS_MAX = 30.0
FAILURES_MAX = 1_000

log = structlog.get_logger("runtime")


class Bounds(Struct, frozen=True):
    """How much a host keeps warm. `calls`: open at once in one process, `waiting`: for one.

    A quarter of the processes is kept for connectors and models: agents that wait for them can
    never hold all."""

    processes: int = 32
    memory_bytes: int = 4 << 30
    calls: int = 256
    waiting: int = 2_000
    idle_seconds: float = 300.0
    served: int = 100_000


class Failure(Struct):
    """A release that could not be started, or crashed: when to try again."""

    words: str
    in_a_row: int
    again_at: float


class NotStartedError(Exception):
    """The process cannot be started now; the words say why."""


class Residents:
    """Lends lanes of warm processes, one process per installation of a release."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._by_key: dict[Key, Resident] = {}
        self._starting: dict[Key, asyncio.Task[Resident]] = {}
        self._failures: dict[Key, Failure] = {}
        self._loading = 0
        self._ending: set[asyncio.Task[None]] = set()
        self._room = asyncio.Condition()
        self._waiting = 0
        self._closed = False
        self._looker: asyncio.Task[None] | None = None

    @property
    def all(self) -> tuple[Resident, ...]:
        return tuple(self._by_key.values())

    async def lane(
        self, key: Key, limits: Limits, start: Start, *, nested: bool = False
    ) -> CallLane:
        """A lane in the installation's process, which is started if there is none.

        Raises:
            NotStartedError: the process does not start; tried again after a while.
            PoolFullError, PoolClosedError: as of the workers' pool.
        """
        while not self._closed:
            resident = self._by_key.get(key)
            if resident is None:
                resident = await self._started(
                    key, partial(self._start, key, limits, start, nested)
                )
            if not resident.lost and len(resident.lanes) < self._bounds.calls:
                return resident.open()
            await self._wait_for_room(partial(self._may_take, resident))
        raise PoolClosedError

    def give_back(self, lane: CallLane) -> None:
        resident = lane.worker
        resident.close_lane(lane)
        if lane.lost:
            return
        self._failures.pop(resident.key, None)
        if resident.served >= self._bounds.served and not resident.lanes:
            self._drop(resident)
        self._tell_room()

    def end(self, key: Key) -> None:
        """End one, with what it does."""
        if resident := self._by_key.get(key):
            self._drop(resident)

    def stop(self, digest: str) -> None:
        """End the processes of a release."""
        for resident in self.all:
            if resident.key.digest == digest:
                self._drop(resident)

    async def close(self) -> None:
        """End them all."""
        self._closed = True
        self._tell_room()
        for task in self._starting.values():
            task.cancel()
        if self._looker is not None:
            self._looker.cancel()
        for resident in self.all:
            self._drop(resident)
        tasks = [*self._starting.values(), *self._ending, *filter(None, [self._looker])]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _may_take(self, resident: Resident) -> bool:
        known = self._by_key.get(resident.key)
        return known is not resident or len(resident.lanes) < self._bounds.calls

    async def _started(
        self, key: Key, start: Callable[[], Coroutine[Any, Any, Resident]]
    ) -> Resident:
        """One start for all that wait for it."""
        self._check_failure(key)
        task = self._starting.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(start())
            self._starting[key] = task
            task.add_done_callback(lambda _: self._starting.pop(key, None))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if self._closed:
                raise PoolClosedError from None
            raise

    async def _start(
        self,
        key: Key,
        limits: Limits,
        start: Start,
        nested: bool,  # noqa: FBT001
    ) -> Resident:
        processes = self._bounds.processes
        await self._make_room(processes if nested else processes - processes // 4)
        self._loading += 1
        try:
            resident = await self._loaded(key, limits, start)
        finally:
            self._loading -= 1
            self._tell_room()
        self._by_key[key] = resident
        if self._looker is None:
            self._looker = asyncio.get_running_loop().create_task(self._look())
        return resident

    async def _loaded(self, key: Key, limits: Limits, start: Start) -> Resident:
        resident = Resident(key, limits.guest_cpu_ms, self._on_lost)
        started = time.monotonic()
        try:
            words = await resident.start(start)
        except (JailError, OSError) as error:
            words = str(error)
        except asyncio.CancelledError:
            await asyncio.shield(resident.wait())
            raise
        if words:
            await resident.wait()
            self._failed(key, words)
            raise NotStartedError(words)
        log.info("resident.started", pid=resident.pid, ms=(time.monotonic() - started) * 1e3)
        return resident

    async def _make_room(self, most: int) -> None:
        """End idle ones until there is room for one more; wait where none is idle."""
        while self._is_full(most):
            idle = oldest_idle(self.all)
            if idle is None:
                await self._wait_for_room(partial(self._may_start, most))
            else:
                self._drop(idle)

    def _may_start(self, most: int) -> bool:
        return oldest_idle(self.all) is not None or not self._is_full(most)

    def _is_full(self, most: int) -> bool:
        return len(self.all) + self._loading >= most or self._is_heavy()

    def _is_heavy(self) -> bool:
        return bool(self.all) and self._bounds.memory_bytes < sum(
            one.memory_bytes for one in self.all
        )

    async def _wait_for_room(self, there_is: Callable[[], bool]) -> None:
        if self._waiting >= self._bounds.waiting:
            raise PoolFullError
        self._waiting += 1
        try:
            async with self._room:
                await self._room.wait_for(lambda: self._closed or there_is())
        finally:
            self._waiting -= 1
        if self._closed:
            raise PoolClosedError

    def _tell_room(self) -> None:
        if self._waiting:
            self._spawn(self._notify())

    async def _notify(self) -> None:
        async with self._room:
            self._room.notify_all()

    def _check_failure(self, key: Key) -> None:
        failure = self._failures.get(key)
        if failure is not None and time.monotonic() < failure.again_at:
            raise NotStartedError(failure.words)

    def _failed(self, key: Key, words: str) -> None:
        """Back off: 1, 2, 4 … seconds, at most BACK_OFF_SECONDS_MAX."""
        known = self._failures.pop(key, None)
        in_a_row = known.in_a_row + 1 if known else 1
        wait = min(BACK_OFF_SECONDS_MAX, 2.0 ** (in_a_row - 1))
        self._remember(key, Failure(words, in_a_row, time.monotonic() + wait))
        log.warning("resident.failed", digest=key.digest, in_a_row=in_a_row, wait_seconds=wait)

    def _on_lost(self, resident: Resident) -> None:
        """It ended, by itself or by us."""
        if self._by_key.get(resident.key) is not resident:
            return
        self._drop(resident)
        crashes = self._failures.get(resident.key)
        in_a_row = crashes.in_a_row if crashes else 0
        if in_a_row >= CRASHES_FREE:
            self._failed(resident.key, f"it crashed {in_a_row + 1} times in a row")
        else:
            self._remember(resident.key, Failure("", in_a_row + 1, 0.0))

    def _remember(self, key: Key, failure: Failure) -> None:
        self._failures[key] = failure
        if len(self._failures) > FAILURES_MAX:
            self._failures.pop(next(iter(self._failures)))

    def _drop(self, resident: Resident) -> None:
        if self._by_key.get(resident.key) is resident:
            del self._by_key[resident.key]
        self._spawn(resident.wait())
        self._tell_room()

    async def _look(self) -> None:
        """Busy ones often, idle ones until they are old."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            oldest = time.monotonic() - self._bounds.idle_seconds
            for resident in self.all:
                if resident.lanes or resident.idle_since > oldest:
                    resident.look()
                else:
                    self._drop(resident)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
