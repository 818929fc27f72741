"""Requests: ask whoever serves a subject, once, and know whether it still works on it.

Rules:
1. Servers of one queue name share the requests; one that closes takes no more and ends its own.
2. While a request is worked on, a beat goes to its asker every second. After three seconds without
   one the asker is told so; whether the work was done is then unknown.
3. Nothing is stored: a request that nobody can take fails at once, and asking again is the
   asker's decision.
"""

import asyncio
from collections.abc import Awaitable, Callable

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.bus import NOBODY, Bus, Delivery, Subscription
from hyperpersonal_core.kit.errors import OutsideError, TooLargeError

ALIVE_EVERY_S = 1.0
SILENCE_S_MAX = 3.0
RUNNING_MAX = 256
ALIVE, BUSY, FAILED = "alive", "busy", "failed"

Work = Callable[[bytes], Awaitable[bytes]]


class NobodyServesError(OutsideError):
    """Nobody serves this now, or everybody is busy; the request was not taken."""


class SilentError(OutsideError):
    """Who took the request gives no sign of life; it may have done all, a part or nothing."""


class Requests:
    """Asks and serves over a bus.

    Args:
        bus: the process's.
        silence_s_max: how long an asker waits for a sign of life.
        alive_every_s: how often a server gives one.
    """

    def __init__(
        self, bus: Bus, silence_s_max: float = SILENCE_S_MAX, alive_every_s: float = ALIVE_EVERY_S
    ) -> None:
        self._bus = bus
        self._silence_s_max = silence_s_max
        self._alive_every_s = alive_every_s

    @property
    def connected(self) -> bool:
        """Whether silence would be the other side's."""
        return self._bus.connected

    @property
    def body_bytes_max(self) -> int:
        """The largest body that can be asked or answered."""
        return self._bus.body_bytes_max

    async def ask(self, subject: str, payload: bytes, deadline_s: float) -> bytes:
        """The answer of one server.

        Raises:
            TooLargeError: the bus's server takes no body of this size; it was not sent.
            NobodyServesError: it was not taken; asking again is safe.
            SilentError: its server was lost.
            TimeoutError: there was no answer within `deadline_s`.
            OutsideError: it failed there, or the bus is away.
        """
        _check_size(payload, self._bus)
        inbox, replies = self._bus.inbox(), asyncio.Queue[Delivery]()
        heard = await self._bus.subscribe(inbox, replies.put)
        try:
            await self._bus.announce(subject, payload, reply=inbox)
            async with asyncio.timeout(deadline_s):
                return await self._answer(replies, subject)
        finally:
            await heard.close()

    async def serve(
        self, subject: str, queue: str, work: Work, running_max: int = RUNNING_MAX
    ) -> "Serving":
        """Work on requests, `running_max` at once, until the result is closed.

        `work` answers in bytes; an error it raises is logged here and told to the asker as failed.
        """
        serving = Serving(self._bus, work, self._alive_every_s, running_max)
        await serving.start(subject, queue)
        return serving

    async def _answer(self, replies: asyncio.Queue[Delivery], subject: str) -> bytes:
        while True:
            try:
                reply = await asyncio.wait_for(replies.get(), self._silence_s_max)
            except TimeoutError:
                raise SilentError(f"who serves {subject} gives no sign of life") from None
            if reply.kind == NOBODY:
                raise NobodyServesError(f"nobody serves {subject}")
            if reply.kind == BUSY:
                raise NobodyServesError(f"who serves {subject} is busy")
            if reply.kind == FAILED:
                raise OutsideError(f"{subject} failed where it is served; its log says why")
            if reply.kind != ALIVE:
                return reply.payload


class Serving:
    """Requests being served; made by `Requests.serve`."""

    def __init__(self, bus: Bus, work: Work, alive_every_s: float, running_max: int) -> None:
        self._bus = bus
        self._work = work
        self._alive_every_s = alive_every_s
        self._running_max = running_max
        self._running: set[asyncio.Task[None]] = set()
        self._heard: Subscription | None = None
        self._log = log.get("requests")

    async def start(self, subject: str, queue: str) -> None:
        """Take requests from now on."""
        self._heard = await self._bus.subscribe(subject, self._take, queue)

    async def drain(self, seconds: float) -> None:
        """Take no more, and give the running ones this long to end."""
        if self._heard is not None:
            await self._heard.drain()
            self._heard = None
        if self._running:
            await asyncio.wait(list(self._running), timeout=seconds)

    async def close(self) -> None:
        """Drop what still runs; its askers hear nothing more."""
        await self.drain(0)
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take(self, request: Delivery) -> None:
        if len(self._running) >= self._running_max:
            await self._bus.announce(request.reply, b"", kind=BUSY)
            return
        task = asyncio.create_task(self._answer(request))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _answer(self, request: Delivery) -> None:
        alive = asyncio.create_task(self._keep_alive(request.reply))
        kind, body = FAILED, b""
        try:
            body = await self._work(request.payload)
            _check_size(body, self._bus)
            kind = ""
        except Exception:
            self._log.exception("request.failed", subject=request.subject)
            body = b""
        finally:
            alive.cancel()
        await self._send(request.reply, body, kind)

    async def _keep_alive(self, reply: str) -> None:
        while True:
            await asyncio.sleep(self._alive_every_s)
            await self._send(reply, b"", ALIVE)

    async def _send(self, reply: str, body: bytes, kind: str) -> None:
        try:
            await self._bus.announce(reply, body, kind=kind)
        except OutsideError as error:  # the asker hears silence, and asks again
            self._log.warning("request.answer_lost", error=str(error))


def _check_size(body: bytes, bus: Bus) -> None:
    if len(body) > bus.body_bytes_max:
        size, most = len(body), bus.body_bytes_max
        raise TooLargeError(f"{size} bytes for a bus that takes {most} (NATS: max_payload)")
