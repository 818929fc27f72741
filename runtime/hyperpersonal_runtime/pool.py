"""The workers and their lanes: who is free, who died, who waits.

Rules:
1. A lane serves one call at a time; a lost worker loses its lanes, and a new one takes its place.
2. Some lanes are kept for connectors: agents that wait for a connector can never hold them all.
3. Who waits for a lane gets one by what its tenant has used (`fair_queue`): CPU, or its part of
   a worker while it held a lane. The queue is bounded; over it the greediest tenant's newest is
   refused at once.
4. A lane that becomes idle makes a spare of the hot release it has just served (`heat`).
"""

import asyncio
import time
from pathlib import Path
from typing import Any

import structlog

from hyperpersonal_runtime.fair_queue import FairQueue
from hyperpersonal_runtime.frames import Warm
from hyperpersonal_runtime.heat import Heat
from hyperpersonal_runtime.lane import Lane, Loan, Worker, WorkerLostError
from hyperpersonal_runtime.worker.spawn import Spawn

CALL_MS = 5.0  # what a call is taken to cost until it has ended
WAITING_MAX = 2_000
RESTARTS_IN_A_ROW_MAX = 5

__all__ = ["Lane", "PoolClosedError", "PoolFullError", "WorkerLostError", "WorkerPool"]

log = structlog.get_logger("runtime")


class PoolFullError(Exception):
    """More calls wait for a lane than WAITING_MAX."""


class PoolClosedError(Exception):
    """The host is closing."""


class Waiter:
    """Somebody who waits for a lane, and what they would like it to hold."""

    __slots__ = ("lane", "loan", "reuse")

    def __init__(self, loan: Loan, reuse: str) -> None:
        self.loan = loan
        self.reuse = reuse
        self.lane: asyncio.Future[Lane] = asyncio.get_running_loop().create_future()


class WorkerPool:
    """Keeps `workers` processes of `lanes` lanes each alive, and lends lanes."""

    def __init__(self, spawn: Spawn, machine_code: Path, workers: int, lanes: int) -> None:
        self._spawn = spawn
        self._machine_code = machine_code
        self._count = workers
        self._lanes = lanes
        self._reserved = max(1, workers * lanes // 4)
        self._free: list[Lane] = []
        self._waiting: dict[bool, FairQueue[Waiter]] = {
            nested: FairQueue(CALL_MS) for nested in (True, False)
        }
        self._heat = Heat()
        self._tasks: set[asyncio.Task[None]] = set()
        self._restarts_in_a_row = 0
        self._closed = False
        self.workers: list[Worker] = []

    async def start(self) -> None:
        for _ in range(self._count):
            await self._start_one()

    async def acquire(
        self, owner: str = "", *, nested: bool, reuse: str = "", spare: Warm | None = None
    ) -> Lane:
        """A free lane, until it is given back with `release`.

        Args:
            owner: the tenant it is used for.
            nested: for a connector that serves an agent's call.
            reuse: better one that keeps an instance under this text.
            spare: else better one that holds a spare of this.

        Raises:
            PoolFullError: too many wait already.
            PoolClosedError: the pool is closing.
        """
        if self._closed:
            raise PoolClosedError
        waiter = Waiter(Loan(owner, spare, nested=nested), reuse)
        queue = self._waiting[nested]
        if not len(queue) and self._has_free(nested=nested):
            queue.book(owner)
            return self._lend(waiter)
        queue.put(owner, waiter)
        if len(queue) > WAITING_MAX:
            _refuse(queue.drop()[1], PoolFullError())
        try:
            return await waiter.lane
        except asyncio.CancelledError:
            self._give_up(waiter)
            raise

    def release(self, lane: Lane) -> None:
        """Give a lane back; its last call has ended."""
        loan, lane.loan = lane.loan, None
        if loan is not None:
            self._settle(loan)
        if lane.lost or lane.worker.lost:
            return
        self._restarts_in_a_row = 0
        lane.worker.served += 1
        self._free.append(lane)
        self._hand_out()
        if lane.loan is None and loan is not None and loan.spare is not None:
            self._warm(lane, loan.spare)

    def on_worker_lost(self, worker: Worker) -> None:
        """Called by a lane that lost its peer: end the rest of it and start another."""
        self._free = [lane for lane in self._free if lane.worker is not worker]
        for lane in worker.lanes:
            lane.lost = True
            lane.close()
        if worker in self.workers:
            self.workers.remove(worker)
            self._spawn_task(self._replace(worker))

    async def close(self) -> None:
        """Hang up on all workers and wait until they are gone."""
        self._closed = True
        for queue in self._waiting.values():
            while len(queue):
                _refuse(queue.take()[1], PoolClosedError())
        workers, self.workers = self.workers, []
        await asyncio.gather(*(worker.wait() for worker in workers))
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _has_free(self, *, nested: bool) -> bool:
        return len(self._free) > (0 if nested else self._reserved)

    def _lend(self, waiter: Waiter) -> Lane:
        lane = self._pick(waiter.reuse, waiter.loan.spare)
        if waiter.loan.spare is not None and lane.spare == waiter.loan.spare:
            lane.spare = None  # it is used up, or was never made: a new one may be asked for
        waiter.loan.since = time.monotonic()
        lane.loan = waiter.loan
        return lane

    def _pick(self, reuse: str, spare: Warm | None) -> Lane:
        """A lane that keeps the wanted instance; else one that holds the wanted spare; else one
        without a spare, of the worker with most free lanes."""
        for at, lane in enumerate(self._free if reuse else ()):
            if lane.kept == reuse:
                return self._free.pop(at)
        for at, lane in enumerate(self._free if spare else ()):
            if lane.spare == spare:
                return self._free.pop(at)
        free: dict[int, int] = {}
        for lane in self._free:
            free[id(lane.worker)] = free.get(id(lane.worker), 0) + 1

        def merit(at: int) -> tuple[bool, int]:
            return self._free[at].spare is None, free[id(self._free[at].worker)]

        return self._free.pop(max(range(len(self._free)), key=merit))

    def _hand_out(self) -> None:
        for nested in (True, False):
            queue = self._waiting[nested]
            while len(queue) and self._has_free(nested=nested):
                owner, waiter = queue.take()
                if waiter.lane.done():
                    queue.settle(owner, 0.0)
                else:
                    waiter.lane.set_result(self._lend(waiter))

    def _settle(self, loan: Loan) -> None:
        """A lane is a part of its worker: who holds one idle has used that part."""
        held_ms = (time.monotonic() - loan.since) * 1e3
        self._waiting[loan.nested].settle(loan.owner, max(loan.cpu_ms, held_ms / self._lanes))

    def _give_up(self, waiter: Waiter) -> None:
        """Its caller went away, perhaps in the very moment a lane was found for it."""
        if not waiter.lane.done():
            waiter.lane.cancel()
        elif not waiter.lane.cancelled() and waiter.lane.exception() is None:
            self.release(waiter.lane.result())

    def _warm(self, lane: Lane, wanted: Warm) -> None:
        if lane.spare != wanted and self._heat.add(wanted):
            lane.spare = wanted
            lane.send(wanted)

    async def _start_one(self) -> None:
        worker = Worker(self.on_worker_lost)
        await worker.start(self._spawn, self._machine_code, self._lanes)
        self.workers.append(worker)
        self._free.extend(lane for lane in worker.lanes if not lane.lost)
        self._hand_out()

    async def _replace(self, worker: Worker) -> None:
        code = await worker.wait()
        if self._closed:
            return
        self._restarts_in_a_row += 1
        about = {"code": code, "restarts": self._restarts_in_a_row, "said": worker.said}
        log.warning("worker.lost", pid=worker.pid, **about)
        if self._restarts_in_a_row > RESTARTS_IN_A_ROW_MAX:
            await asyncio.sleep(min(30, 2 ** (self._restarts_in_a_row - RESTARTS_IN_A_ROW_MAX)))
        await self._start_one()

    def _spawn_task(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _refuse(waiter: Waiter, why: Exception) -> None:
    if not waiter.lane.done():
        waiter.lane.set_exception(why)
