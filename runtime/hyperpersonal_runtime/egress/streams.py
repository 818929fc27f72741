"""Responses that are read as they come, by the hook call that opened them."""

import asyncio
import codecs

from hyperpersonal_runtime.egress.fetcher import Exchange, FetchError
from hyperpersonal_runtime.egress.scrub import Scrubber

STREAMS_MAX = 8
STREAM_BYTES_MAX = 8 << 20
READ_BYTES_MAX = 64 * 1024
IDLE_SECONDS_MAX = 120.0
LINGER_SECONDS = 0.02
LINGER_SECONDS_MAX = 2.0
PROMPT_READS = 20


class Stream:
    """One response's body, as scrubbed text.

    A read gives what has arrived, and gathers a little longer the more reads there were: the first
    words come at once, and a long answer still fits in the host calls of a hook.
    """

    def __init__(self, exchange: Exchange, scrubber: Scrubber) -> None:
        self._exchange = exchange
        self._scrubber = scrubber
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._ready = bytearray()
        self._taken = 0
        self._reads = 0
        self._at_end = False
        self._fault: FetchError | None = None
        self._lock = asyncio.Lock()

    async def read(self, bytes_max: int) -> tuple[str, bool]:
        """Text of at most `bytes_max` bytes, and whether that was all.

        Raises:
            FetchError: the response was cut, is too long, or nothing comes any more.
        """
        if self._lock.locked():
            raise FetchError("this stream is being read already")
        async with self._lock:
            self._reads += 1
            text, done = self._shown(bytes_max)
            while not (text or done):
                if self._fault:
                    raise self._fault
                await self._take(IDLE_SECONDS_MAX)
                await self._gather(bytes_max)
                text, done = self._shown(bytes_max)
            return text, done

    def close(self) -> None:
        self._exchange.close()

    async def _gather(self, bytes_max: int) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._linger_s
        while len(self._ready) < bytes_max and not self._at_end and loop.time() < until:
            try:
                await self._take(until - loop.time())
            except TimeoutError:
                return
            except FetchError as error:  # what came before it is given first
                self._fault = error
                return

    @property
    def _linger_s(self) -> float:
        slower = max(1.0, self._reads / PROMPT_READS)
        return min(LINGER_SECONDS_MAX, LINGER_SECONDS * slower**2)

    async def _take(self, seconds: float) -> None:
        """Some more of the body. Raises FetchError, TimeoutError."""
        async with asyncio.timeout(seconds):
            part = await self._exchange.read()
        self._taken += len(part)
        if self._taken > STREAM_BYTES_MAX:
            raise FetchError(f"the answer is over {STREAM_BYTES_MAX} bytes")
        self._at_end = not part
        self._ready += self._scrubber.feed(part) if part else self._scrubber.end()

    def _shown(self, bytes_max: int) -> tuple[str, bool]:
        part = bytes(self._ready[:bytes_max])
        del self._ready[:bytes_max]
        done = self._at_end and not self._ready
        return self._decoder.decode(part, final=done), done


class OpenStreams:
    """The streams of one hook call, over all its runs; they end with it."""

    def __init__(self) -> None:
        self._open: dict[str, Stream] = {}

    @property
    def full(self) -> bool:
        return len(self._open) >= STREAMS_MAX

    def put(self, name: str, stream: Stream) -> None:
        self._open[name] = stream

    def get(self, name: str) -> Stream | None:
        return self._open.get(name)

    def end(self, name: str) -> None:
        """Nobody reads it any more; nothing happens where that was known."""
        stream = self._open.pop(name, None)
        if stream is not None:
            stream.close()

    def close(self) -> None:
        """The hook call is over."""
        for name in list(self._open):
            self.end(name)
