"""A worker process and its lanes, as the host sees them."""

import asyncio
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import structlog

from hyperpersonal_runtime.frames import Done, ToHost, Warm
from hyperpersonal_runtime.framing import TO_HOST_BYTES_MAX, FrameReader, FramingError, encode
from hyperpersonal_runtime.jail.program import Jailed
from hyperpersonal_runtime.worker.spawn import Spawn

KILL_WAIT_SECONDS = 5
SAID_CHARS_MAX = 2_000

log = structlog.get_logger("runtime")


class WorkerLostError(Exception):
    """The worker process ended while it served this lane."""


class Loan:
    """A lane lent to an owner: since when, and the guest's CPU time meanwhile, in ms."""

    __slots__ = ("cpu_ms", "nested", "owner", "since", "spare")

    def __init__(self, owner: str, spare: Warm | None, *, nested: bool) -> None:
        self.owner = owner
        self.nested = nested
        self.spare = spare
        self.since = time.monotonic()
        self.cpu_ms = 0.0


class Lane(asyncio.Protocol):
    """The host's end of one lane: frames out, frames in one after the other. `kept`: the text it
    keeps an instance under; `spare`: what it was told to hold one of."""

    def __init__(self, worker: "Worker") -> None:
        self.worker = worker
        self.lost = False
        self.kept = ""
        self.spare: Warm | None = None
        self.loan: Loan | None = None
        self.over: asyncio.Future[None] | None = None
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
        frame = self._frames.popleft()
        if isinstance(frame, Done) and self.loan is not None:
            self.loan.cpu_ms += frame.guest_cpu_ms
        return frame

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Worker:
    """One worker process. `killed` once we ended it ourselves."""

    def __init__(self, on_lost: Callable[["Worker"], None]) -> None:
        self._on_lost = on_lost
        self._process: Jailed | None = None
        self.lanes: list[Lane] = []
        self.lost = False
        self.served = 0

    @property
    def pid(self) -> int:
        """The process that holds the guests; its starter (bwrap) may stand before it."""
        return self._process.inner if self._process else 0

    @property
    def said(self) -> str:
        """The end of what it wrote on stderr: our own bug, if anything."""
        return self._process.said[-SAID_CHARS_MAX:] if self._process else ""

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
            self._on_lost(self)

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
