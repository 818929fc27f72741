"""One warm process of one installation: many calls at once over one connection."""

import asyncio
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import cast

import structlog
from hyperpersonal_sdk.native.wire import FrameTooLargeError, Splitter
from msgspec import Struct

from hyperpersonal_runtime.process import frames, usage
from hyperpersonal_runtime.process.call_lane import CallLane

START_SECONDS_MAX = 30
STALL_SECONDS_MAX = 10
STRAYS_MAX = 1_000
UNREAD_BYTES_MAX = 64 << 20
CPU_SLACK_MS = 2_000  # what a process may use over what its calls brought: imports, first calls

log = structlog.get_logger("runtime")

Start = Callable[[socket.socket], "subprocess.Popen[bytes]"]


class Key(Struct, frozen=True):
    """Whose process it is: never shared by two of these."""

    tenant_id: str
    installation_id: str
    digest: str


class Resident(asyncio.Protocol):
    """The process as the host sees it.

    Rules:
    1. What its calls may use of the CPU together is what each may use (`cpu_ms_call` between two
       host calls), so one that computes in the background or forever is ended.
    2. A loop that does not answer for STALL_SECONDS_MAX is ended.
    3. A frame that is none ends it: after it nothing could be trusted.
    """

    def __init__(self, key: Key, cpu_ms_call: int, on_lost: Callable[["Resident"], None]) -> None:
        self.key = key
        self.lost = False
        self.served = 0
        self.idle_since = time.monotonic()
        self.lanes: dict[int, CallLane] = {}
        self._cpu_ms_call = cpu_ms_call
        self._on_lost = on_lost
        self._numbers = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self._splitter = Splitter(frames.FROM_PROCESS_BYTES_MAX)
        self._hello: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._pids: tuple[int, ...] = ()
        self._cpu_ms = self._cpu_ms_left = 0.0
        self._pinged = self._ponged = 0
        self._pinged_at = 0.0
        self._strays = 0

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def memory_bytes(self) -> int:
        return usage.memory_bytes(self._pids)

    @staticmethod
    def now_ms() -> float:
        return time.time() * 1e3

    async def start(self, start: Start) -> str:
        """Start it and wait until the plugin is loaded; why it cannot be, or ''."""
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.to_thread(start, theirs)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                words = await self._hello
        except TimeoutError:
            words = f"the plugin did not load within {START_SECONDS_MAX} s"
        self._pids = await asyncio.to_thread(usage.family, self.pid)
        self._cpu_ms = usage.cpu_ms(self._pids)
        self._cpu_ms_left = CPU_SLACK_MS
        return words

    def open(self) -> CallLane:
        """A lane for one more call."""
        self._numbers += 1
        lane = self.lanes[self._numbers] = CallLane(self, self._numbers)
        self.served += 1
        self.earn()
        return lane

    def close_lane(self, lane: CallLane) -> None:
        self.lanes.pop(lane.number, None)
        if not self.lanes:
            self.idle_since = time.monotonic()

    def write(self, frame: bytes) -> None:
        if self._transport is None or self.lost:
            return
        self._transport.write(frame)
        if self._transport.get_write_buffer_size() > UNREAD_BYTES_MAX:
            self.end("does not read what it is told", "limit")

    def look(self) -> None:
        """Called several times a second: is it within its CPU time, does a busy loop turn?"""
        used = usage.cpu_ms(self._pids)
        self._cpu_ms_left -= used - self._cpu_ms
        self._cpu_ms = used
        if self._cpu_ms_left < 0:
            self.end("used more CPU time than all its calls may")
        elif not self.lanes:
            return  # an idle one is not woken
        elif self._pinged == self._ponged:
            self._pinged, self._pinged_at = self._pinged + 1, time.monotonic()
            self.write(frames.ping(self._pinged))
        elif time.monotonic() - self._pinged_at > STALL_SECONDS_MAX:
            self.end(f"did not answer for {STALL_SECONDS_MAX} s")

    def kill(self) -> None:
        """End it now; its calls are lost in a moment."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    async def wait(self) -> None:
        """Hang up and reap it."""
        self.kill()
        if self._transport is not None:
            self._transport.close()
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            for header, body in self._splitter.feed(data):
                self._on_frame(*frames.read(header, body))
        except (FrameTooLargeError, frames.NotAFrameError) as error:
            self.end(f"sent what is no frame: {error}", "failed")

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost = True
        if not self._hello.done():
            self._hello.set_result("the process ended while the plugin was loaded")
        for lane in self.lanes.values():
            lane.on_lost()
        self._on_lost(self)

    def _on_frame(self, frame: frames.FromProcess, body: str) -> None:
        if isinstance(frame, frames.Hello):
            if not self._hello.done():
                self._hello.set_result(body)
        elif isinstance(frame, frames.Pong):
            self._ponged = frame.number
        elif (lane := self.lanes.get(frame.call)) is None or not lane.runs:
            self._stray()
        elif isinstance(frame, frames.Ask):
            lane.on_ask(frame.name, body)
        else:
            lane.on_done(frame, body)

    def _stray(self) -> None:
        """A word of a call that was ended from our side, or never was; some are honest."""
        self._strays += 1
        if self._strays > STRAYS_MAX:
            self.end("speaks of calls it does not have", "failed")

    def earn(self) -> None:
        """A call that begins and a host call that is answered bring CPU time, up to a bound."""
        most = CPU_SLACK_MS + self._cpu_ms_call * max(1, len(self.lanes))
        self._cpu_ms_left = min(most, self._cpu_ms_left + self._cpu_ms_call)

    def end(self, why: str, case: str = "timeout") -> None:
        """It broke a rule. A single open call is the one that broke it; of several we do not know
        which, so they run again."""
        log.warning("resident.ended", pid=self.pid, digest=self.key.digest, why=why)
        if len(self.lanes) == 1:
            next(iter(self.lanes.values())).end(case, f"the process {why}; it was ended")
        self.kill()


def oldest_idle(residents: Sequence[Resident]) -> Resident | None:
    """The one nobody has used for longest; a new one is about to be used by who had it started."""
    idle = [one for one in residents if one.served and not one.lanes]
    return min(idle, key=lambda one: one.idle_since, default=None)
