"""One open call: what it asks the host, how long it may run, what it logs, how it ends."""

import asyncio
import concurrent.futures
import contextvars
import inspect
import json
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from typing import Any, TypeAlias

from hyperpersonal_sdk.authoring import Host, HostCallFailedError, Plugin, Suspended
from hyperpersonal_sdk.guest.walls import LINE_CHARS_MAX, clean, traceback_text, words_of
from hyperpersonal_sdk.native.repeat import SEED, Stream
from hyperpersonal_sdk.native.wire import ASK

CURRENT: "ContextVar[Call | None]" = ContextVar("hyperpersonal_call", default=None)
FAILURES = {"denied", "not-found", "invalid", "limit", "unavailable", "failed"}

Reply: TypeAlias = tuple[str, str]  # ('' or a failure's kind, JSON or words)
_Waiting: TypeAlias = "asyncio.Future[Reply] | concurrent.futures.Future[Reply]"


class Call:
    """Runs one hook on the loop (`async def`) or on a thread of its own (`def`).

    Args:
        number: which call of this process. hook, payload: what the host asks for.
        seed: 32 bytes of the call's journal. deadline_ms: from now.
        cpu_ms: CPU time between two answers of the host. bytes_max: of the answer.
    """

    def __init__(
        self,
        send: Callable[[list[Any], str], None],
        number: int,
        hook: str,
        payload: str,
        *,
        seed: bytes,
        deadline_ms: int,
        cpu_ms: int,
        bytes_max: int,
        log_lines: int,
    ) -> None:
        self.number, self.hook, self._payload = number, hook, payload
        self._send = send
        self._seed = seed
        self._deadline_s = deadline_ms / 1000
        self._cpu_ns_max = cpu_ms * 1_000_000
        self._bytes_max = bytes_max
        self._log_lines = log_lines
        self._dropped = 0
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._asked: deque[_Waiting] = deque()
        self._stopped = False
        self._ended = False
        self._cpu_ns_since = 0
        self._task: asyncio.Task[Any] | None = None
        self._unsaid: dict[str, str] = {}
        self.cpu_ns = 0
        self.logs: list[str] = []

    async def run(self, plugin: Plugin, threads: concurrent.futures.Executor) -> Reply:
        """The hook's answer, or the failure that stands for it; never raises."""
        CURRENT.set(self)
        SEED.set(Stream(self._seed))
        self._task = asyncio.current_task()
        timer = self._loop.call_later(self._deadline_s, self.stop)
        try:
            value = await self._served(plugin, threads)
            return self._answer(value)
        except BaseException as error:  # nothing a plugin raises may end the process
            return self._failure(error)
        finally:
            self._ended = True
            timer.cancel()
            for level in list(self._unsaid):
                self.say(level, "\n")
            if self._dropped:
                self.logs.append(f"warn: {self._dropped} more lines were dropped")

    async def _served(self, plugin: Plugin, threads: concurrent.futures.Executor) -> Any:
        payload = json.loads(self._payload)
        if inspect.iscoroutinefunction(plugin.function_of(self.hook, payload)):
            answer = plugin.dispatch(self.hook, payload, Host(self.ask, self.log))
            return await _Metered(answer, self._used)
        context = contextvars.copy_context()
        host = Host(self.ask_blocking, self.log)
        work = threads.submit(context.run, self._timed, plugin, payload, host)
        while True:
            try:  # a thread cannot be ended: a call that was stopped lasts until it does
                return await asyncio.shield(asyncio.wrap_future(work))
            except asyncio.CancelledError:
                if work.cancel() or work.done():
                    raise

    def _timed(self, plugin: Plugin, payload: Any, host: Host) -> Any:
        started = time.thread_time_ns()
        try:
            return plugin.dispatch(self.hook, payload, host)
        finally:
            self.cpu_ns += time.thread_time_ns() - started

    async def ask(self, name: str, payload: str) -> str:
        """A host call of an `async def`."""
        waiting: asyncio.Future[Reply] = self._loop.create_future()
        self._put(waiting, name, payload)
        return _opened(await waiting)

    def ask_blocking(self, name: str, payload: str) -> str:
        """A host call of a `def`, which runs on a thread."""
        waiting: concurrent.futures.Future[Reply] = concurrent.futures.Future()
        self._put(waiting, name, payload)
        return _opened(waiting.result())

    def _put(self, waiting: _Waiting, name: str, payload: str) -> None:
        with self._lock:  # answers come in the order in which was asked
            if not (self._stopped or self._ended):
                self._asked.append(waiting)
                self._send([ASK, self.number, name], payload)
                return
        waiting.set_result(("suspended", ""))

    def answered(self, case: str, text: str) -> None:
        """The host answers in the order in which it was asked."""
        self._cpu_ns_since = 0
        with self._lock:
            waiting = self._asked.popleft() if self._asked else None
        if waiting is not None and not waiting.done():  # else whoever asked has stopped waiting
            waiting.set_result((case, text))

    def stop(self) -> None:
        """Nothing more is answered; what can be ended is ended."""
        with self._lock:
            self._stopped = True
        while self._asked:
            self.answered("suspended", "")
        if self._task is not None:
            self._task.cancel()

    def log(self, level: str, text: str) -> None:
        with self._lock:
            if len(self.logs) < self._log_lines:
                self.logs.append(f"{level}: {clean(text)}")
            else:
                self._dropped += 1

    def say(self, level: str, text: str) -> None:
        """A piece of what is printed: whole lines go to the log, the rest waits for its end."""
        *lines, rest = (self._unsaid.get(level, "") + text).split("\n")
        self._unsaid[level] = rest[:LINE_CHARS_MAX]
        for line in filter(str.strip, lines):
            self.log(level, line)

    def _used(self, cpu_ns: int) -> None:
        """One step on the loop took this long."""
        self.cpu_ns += cpu_ns
        self._cpu_ns_since += cpu_ns
        if self._cpu_ns_since > self._cpu_ns_max:
            raise _OverCpuError

    def _answer(self, value: Any) -> Reply:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
        if size > self._bytes_max:
            return "limit", f"the answer has {size} bytes, {self._bytes_max} are allowed"
        return "", text

    def _failure(self, error: BaseException) -> Reply:
        if isinstance(error, _OverCpuError):
            most = self._cpu_ns_max // 1_000_000
            return "timeout", f"used more than {most} ms of CPU between host calls"
        if self._stopped:
            return "timeout", "the deadline has passed"
        if isinstance(error, Suspended):
            return "suspended", ""
        if isinstance(error, HostCallFailedError):
            return error.kind if error.kind in FAILURES else "failed", clean(error.message)
        if isinstance(error, MemoryError):
            return "limit", "out of memory"
        self.log("error", traceback_text(error))
        return "failed", words_of(error)


class _OverCpuError(BaseException):
    """The call computed for too long; a BaseException so that a plugin does not swallow it."""


class _Metered:
    """Awaits something and tells the CPU time of each of its steps on the loop."""

    def __init__(self, inner: Awaitable[Any], used: Callable[[int], None]) -> None:
        self._inner = inner
        self._used = used

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self._inner.__await__()
        step: Callable[[], Any] = lambda: next(inner)  # noqa: E731
        while True:
            started = time.thread_time_ns()
            try:
                waits_for = step()
            except StopIteration as end:
                return end.value
            finally:
                self._used(time.thread_time_ns() - started)
            try:
                value = yield waits_for
                step = _sender(inner, value)
            except BaseException as error:
                step = _thrower(inner, error)


def _sender(inner: Any, value: Any) -> Callable[[], Any]:
    return lambda: inner.send(value) if value is not None else next(inner)


def _thrower(inner: Any, error: BaseException) -> Callable[[], Any]:
    return lambda: inner.throw(error)


def _opened(reply: Reply) -> str:
    case, text = reply
    if case == "suspended":
        raise Suspended
    if case:
        raise HostCallFailedError(case, text)
    return text
