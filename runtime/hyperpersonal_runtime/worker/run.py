"""One call of the guest, worker side: host calls become frames, time and memory are metered."""

import hashlib
import socket
import time
from datetime import datetime

import msgspec

from hyperpersonal_runtime.frames import Answer, Ask, GuestLimits, ToWorker
from hyperpersonal_runtime.framing import TO_WORKER_BYTES_MAX, FrameReader, encode

LOG_CHARS_MAX = 2_000
READ_BYTES = 256 * 1024


class LaneClosedError(BaseException):
    """The host is gone. A BaseException: nothing between here and the lane may swallow it."""


class Line:
    """The worker's end of a lane: blocking frames."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._reader: FrameReader[ToWorker] = FrameReader(ToWorker, TO_WORKER_BYTES_MAX)
        self._ready: list[ToWorker] = []

    def send(self, message: object) -> None:
        self._connection.sendall(encode(message))

    def receive(self) -> ToWorker:
        """The next frame. Raises LaneClosedError at the end of the stream."""
        while not self._ready:
            data = self._connection.recv(READ_BYTES)
            if not data:
                raise LaneClosedError
            self._ready = list(self._reader.feed(data))
        return self._ready.pop(0)


class Meter:
    """CPU time of the guest since the last host call, and the call's wall deadline."""

    def __init__(self, limits: GuestLimits) -> None:
        self._budget_ns = limits.guest_cpu_ms * 1_000_000
        self._deadline = time.monotonic() + limits.deadline_ms / 1000
        self.rearm()

    def rearm(self) -> None:
        self._since_ns = time.thread_time_ns()

    def why_stop(self) -> str:
        if time.thread_time_ns() - self._since_ns > self._budget_ns:
            return f"used more than {self._budget_ns // 1_000_000} ms of CPU between host calls"
        return "the deadline has passed" if time.monotonic() > self._deadline else ""


class Run:
    """What the guest of one call can reach (wasm.guest.GuestCalls)."""

    def __init__(self, line: Line, limits: GuestLimits) -> None:
        self._line = line
        self._meter = Meter(limits)
        self._log_lines_max = limits.log_lines
        self._last: Answer | None = None
        self._clock_ns = 0
        self._random = b""
        self._random_used = 0
        self.payload_bytes_max = limits.input_bytes
        self.logs: list[str] = []
        self.logs_dropped = 0
        self.stopped_by = ""

    def host_call(self, name: str, payload: str) -> tuple[str, str]:
        """Ask the host and wait. After a suspension or a stop every call gets the same answer."""
        if self._last is None:
            self._line.send(Ask(name, payload))
            answer = self._line.receive()
            assert isinstance(answer, Answer)
            if not answer.stop and answer.case != "suspended":
                self._meter.rearm()
                return answer.case, answer.text
            self._last = answer
        return self._last.case, self._last.text

    def log(self, level: str, text: str) -> None:
        if len(self.logs) < self._log_lines_max:
            self.logs.append(f"{level}: {text[:LOG_CHARS_MAX]}")
        else:
            self.logs_dropped += 1

    def clock_ns(self) -> int:
        """The journal's instant, then one microsecond more with each look."""
        if not self._clock_ns:
            case, text = self.host_call("clock.now", "{}")
            now = msgspec.json.decode(text)["now"] if not case else "1970-01-01T00:00:00+00:00"
            self._clock_ns = int(datetime.fromisoformat(now).timestamp() * 1e6) * 1_000
        self._clock_ns += 1_000
        return self._clock_ns

    def random_bytes(self, count: int) -> bytes:
        """A stream made of 32 bytes of the journal (SHAKE-256, one block a request)."""
        if not self._random:
            case, text = self.host_call("random.bytes", '{"n":32}')
            self._random = (
                bytes.fromhex(msgspec.json.decode(text)["hex"]) if not case else bytes(32)
            )
        self._random_used += 1
        stream = hashlib.shake_256(self._random + self._random_used.to_bytes(8, "big"))
        return stream.digest(count)

    def why_stop(self) -> str:
        if self._last is not None and self._last.stop:
            self.stopped_by = self._last.text
        else:
            self.stopped_by = self._meter.why_stop()
        return self.stopped_by


class Loading(Run):
    """What a guest can reach while a release is loaded ahead of its call: nothing. `asked` is set
    when it tried: its import depends on the call, so it must happen in the call."""

    def __init__(self, limits: GuestLimits) -> None:
        self._meter = Meter(limits)
        self.payload_bytes_max = limits.input_bytes
        self.asked = False

    def host_call(self, name: str, payload: str) -> tuple[str, str]:
        self.asked = True
        return "unavailable", "a release reaches nothing while it is loaded ahead of its call"

    def log(self, level: str, text: str) -> None:
        self.asked = True

    def clock_ns(self) -> int:
        self.asked = True
        return 0

    def random_bytes(self, count: int) -> bytes:
        self.asked = True
        return bytes(count)

    def why_stop(self) -> str:
        return self._meter.why_stop()
