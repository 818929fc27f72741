"""One call inside a warm process, with the face of a worker's lane."""

import asyncio
import os
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from hyperpersonal_runtime.frames import Answer, Ask, Done, Start, ToHost
from hyperpersonal_runtime.lane import WorkerLostError
from hyperpersonal_runtime.process import frames

if TYPE_CHECKING:
    from hyperpersonal_runtime.process.resident import Resident

LINE_CHARS_MAX = 2_000
OPEN_ASKS_MAX = 256
OPEN_ASKS_BYTES_MAX = 8 << 20
CORES = os.cpu_count() or 1
_SEED = Ask("random.bytes", '{"n":32}')


class CallLane:
    """Frames of one call. Its first host call is made by us: the seed of its randomness.

    The process's word is not taken for what it must keep to: the sizes of requests, of the answer
    and of the log are held here.
    """

    def __init__(self, resident: "Resident", number: int) -> None:
        self.worker = resident
        self.number = number
        self.lost = False
        self.kept = ""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._start: Start | None = None
        self._frames: deque[ToHost] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._asked_bytes = len(_SEED.payload)
        self._begun = False
        self._started_ms = 0.0

    def send(self, message: Any) -> None:
        """Start, then answers."""
        if isinstance(message, Start):
            self._start = message
            self._put(_SEED)
        elif isinstance(message, Answer) and not self._begun:
            self._begin(message)
        elif isinstance(message, Answer) and message.stop:
            self.worker.write(frames.stop(self.number))
        elif isinstance(message, Answer):
            self.worker.write(frames.answer(self.number, message.case, message.text))
            self.worker.earn()

    async def receive(self) -> ToHost:
        """The next frame. Raises WorkerLostError when there will be none."""
        while not self._frames:
            if self.lost:
                raise WorkerLostError
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        frame = self._frames.popleft()
        if isinstance(frame, Ask):
            self._asked_bytes -= len(frame.payload.encode())
        return frame

    @property
    def runs(self) -> bool:
        """Whether the process may speak of this call: it has begun and has not ended."""
        return self._begun and not self.over.done()

    def on_ask(self, name: str, payload: str) -> None:
        """The plugin asks; a request that is too large is refused at the wall, as in a guest."""
        assert self._start is not None
        size, most = len(payload.encode()), self._start.limits.input_bytes
        if len(name) > 100 or size > most:
            words = f"a request has at most {most} bytes, this has {size}"
            self.worker.write(frames.answer(self.number, "limit", words))
            return
        self._asked_bytes += size
        if len(self._frames) >= OPEN_ASKS_MAX or self._asked_bytes > OPEN_ASKS_BYTES_MAX:
            self.worker.end("asked for more than can be answered", "limit")
        else:
            self._put(Ask(name, payload))

    def on_done(self, done: frames.Done, text: str) -> None:
        """It has ended: what it asked and did not wait for is not done."""
        assert self._start is not None
        limits, case = self._start.limits, done.case
        if len(text.encode()) > limits.output_bytes:
            case, text = "limit", f"the answer is longer than {limits.output_bytes} bytes"
        logs = tuple(line[:LINE_CHARS_MAX] for line in done.logs[: limits.log_lines + 1])
        self.end(case, text, logs, done.cpu_ms)

    def end(
        self, case: str, text: str, logs: tuple[str, ...] = (), guest_cpu_ms: float = 0.0
    ) -> None:
        """End the call with these words, whoever says them. The process's word for its CPU time
        is taken only as far as it can be true."""
        if self.over.done():
            return
        self._frames.clear()
        call_ms = self.worker.now_ms() - self._started_ms if self._begun else 0.0
        guest_cpu_ms = min(max(0.0, guest_cpu_ms), call_ms * CORES)
        self._put(Done(case, text, logs, guest_cpu_ms, self._started_ms, 0.0, call_ms))
        self._close()

    def on_lost(self) -> None:
        self.lost = True
        self._close()

    def _begin(self, seed: Answer) -> None:
        """The seed is known: the process may begin."""
        self._begun = True
        self._started_ms = self.worker.now_ms()
        if seed.case or seed.stop:
            self.end(seed.case or "limit", seed.text)
            return
        assert self._start is not None
        start, asked = self._start, self._start.limits
        limits = [asked.deadline_ms, asked.guest_cpu_ms, asked.output_bytes, asked.log_lines]
        hexed = msgspec.json.decode(seed.text)["hex"]
        self.worker.write(frames.begin(self.number, start.hook, start.payload, hexed, limits))

    def _put(self, frame: ToHost) -> None:
        if not self.over.done():
            self._frames.append(frame)
            self._wake()

    def _close(self) -> None:
        if not self.over.done():
            self.over.set_result(None)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
