"""The workers and their lanes: who is free, who died, who waits.

Rules:
1. A lane serves one call at a time; a lost worker loses its lanes, and a new one takes its place.
2. Some lanes are kept for connectors: agents that wait for a connector can never hold them all.
3. The queue for a lane is bounded; over it the pool says so at once.
"""

import asyncio
import socket
import subprocess
from collections import deque
from pathlib import Path
from typing import Any, cast

import structlog

from hyperpersonal_runtime.frames import ToHost
from hyperpersonal_runtime.framing import TO_HOST_BYTES_MAX, FrameReader, FramingError, encode
from hyperpersonal_runtime.worker.spawn import Spawn

WAITING_MAX = 2_000
RESTARTS_IN_A_ROW_MAX = 5
KILL_WAIT_SECONDS = 5

log = structlog.get_logger("runtime")


class WorkerLostError(Exception):
    """The worker process ended while it served this lane."""


class PoolFullError(Exception):
    """More calls wait for a lane than WAITING_MAX."""


class PoolClosedError(Exception):
    """The host is closing."""


class Lane(asyncio.Protocol):
    """The host's end of one lane: frames out, frames in one after the other."""

    def __init__(self, worker: "Worker") -> None:
        self.worker = worker
        self.lost = False
        self.kept = ""
        self._transport: asyncio.Transport | None = None
        self._reader: FrameReader[ToHost] = FrameReader(ToHost, TO_HOST_BYTES_MAX)
        self._frames: deque[ToHost] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._frames.extend(self._reader.feed(data))
        except FramingError as error:
            log.error("worker.garbled", pid=self.worker.pid, detail=str(error))
            self.worker.kill()
        self._wake()

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost = True
        self._wake()
        self.worker.on_lost()

    def send(self, message: Any) -> None:
        """Write a frame; nothing happens when the worker is gone (`receive` tells)."""
        if self._transport is not None and not self.lost:
            self._transport.write(encode(message))

    async def receive(self) -> ToHost:
        """The next frame. Raises WorkerLostError when there will be none."""
        while not self._frames:
            if self.lost:
                raise WorkerLostError
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._frames.popleft()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Worker:
    """One worker process. `killed` once we ended it ourselves."""

    def __init__(self, pool: "WorkerPool") -> None:
        self._pool = pool
        self._process: subprocess.Popen[bytes] | None = None
        self.lanes: list[Lane] = []
        self.lost = False
        self.served = 0

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    async def start(self, spawn: Spawn, machine_code: Path, lanes: int) -> None:
        pairs = [socket.socketpair() for _ in range(lanes)]
        loop = asyncio.get_running_loop()
        try:
            theirs = [pair[1] for pair in pairs]
            self._process = await asyncio.to_thread(spawn, machine_code, theirs)
        finally:
            for pair in pairs:
                pair[1].close()
        for pair in pairs:
            _, lane = await loop.create_unix_connection(lambda: Lane(self), sock=pair[0])
            self.lanes.append(lane)

    def kill(self) -> None:
        """End the process now; its lanes are lost in a moment."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def on_lost(self) -> None:
        if not self.lost:
            self.lost = True
            self._pool.on_worker_lost(self)

    async def wait(self) -> int | None:
        """Reap the process; its exit code."""
        for lane in self.lanes:
            lane.close()
        process = self._process
        if process is None:
            return None
        try:
            return await asyncio.to_thread(process.wait, KILL_WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return await asyncio.to_thread(process.wait)


class WorkerPool:
    """Keeps `workers` processes of `lanes` lanes each alive, and lends lanes."""

    def __init__(self, spawn: Spawn, machine_code: Path, workers: int, lanes: int) -> None:
        self._spawn = spawn
        self._machine_code = machine_code
        self._count = workers
        self._lanes = lanes
        self._reserved = max(1, workers * lanes // 4)
        self._free: list[Lane] = []
        self._waiting: dict[bool, deque[asyncio.Future[Lane]]] = {True: deque(), False: deque()}
        self._tasks: set[asyncio.Task[None]] = set()
        self._restarts_in_a_row = 0
        self._closed = False
        self.workers: list[Worker] = []

    async def start(self) -> None:
        for _ in range(self._count):
            await self._start_one()

    async def acquire(self, *, nested: bool, reuse: str = "") -> Lane:
        """A free lane. `nested`: for a connector that serves an agent's call. `reuse`: better one
        that keeps an instance under this text.

        Raises:
            PoolFullError: too many wait already.
            PoolClosedError: the pool is closing.
        """
        if self._closed:
            raise PoolClosedError
        if len(self._free) > (0 if nested else self._reserved):
            return self._take(reuse)
        if len(self._waiting[nested]) >= WAITING_MAX:
            raise PoolFullError
        waiter: asyncio.Future[Lane] = asyncio.get_running_loop().create_future()
        self._waiting[nested].append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.release(waiter.result())
            raise

    def release(self, lane: Lane) -> None:
        """Give a lane back; its last call has ended."""
        if lane.lost or lane.worker.lost:
            return
        self._restarts_in_a_row = 0
        lane.worker.served += 1
        self._free.append(lane)
        self._hand_out()

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
        for waiting in self._waiting.values():
            for waiter in waiting:
                if not waiter.done():
                    waiter.set_exception(PoolClosedError())
        workers, self.workers = self.workers, []
        await asyncio.gather(*(worker.wait() for worker in workers))
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _take(self, reuse: str = "") -> Lane:
        """A lane that keeps the wanted instance; else one of the worker with most free lanes."""
        for at, lane in enumerate(self._free if reuse else ()):
            if lane.kept == reuse:
                return self._free.pop(at)
        free: dict[int, int] = {}
        for lane in self._free:
            free[id(lane.worker)] = free.get(id(lane.worker), 0) + 1
        best = max(range(len(self._free)), key=lambda at: free[id(self._free[at].worker)])
        return self._free.pop(best)

    def _hand_out(self) -> None:
        for nested in (True, False):
            waiting = self._waiting[nested]
            while waiting and len(self._free) > (0 if nested else self._reserved):
                waiter = waiting.popleft()
                if not waiter.done():
                    waiter.set_result(self._take())

    async def _start_one(self) -> None:
        worker = Worker(self)
        await worker.start(self._spawn, self._machine_code, self._lanes)
        self.workers.append(worker)
        self._free.extend(lane for lane in worker.lanes if not lane.lost)
        self._hand_out()

    async def _replace(self, worker: Worker) -> None:
        code = await worker.wait()
        if self._closed:
            return
        self._restarts_in_a_row += 1
        log.warning("worker.lost", pid=worker.pid, code=code, restarts=self._restarts_in_a_row)
        if self._restarts_in_a_row > RESTARTS_IN_A_ROW_MAX:
            await asyncio.sleep(min(30, 2 ** (self._restarts_in_a_row - RESTARTS_IN_A_ROW_MAX)))
        await self._start_one()

    def _spawn_task(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
