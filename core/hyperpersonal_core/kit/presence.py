"""Presence: each process of a kind tells one fact about itself; whoever listens knows who is there.

A fact is told every two seconds and when somebody asks, and forgotten after three beats without
one. Nothing is stored: who listens knows what it heard, and says "nobody" when it heard nothing.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable

import msgspec
from msgspec import Struct

from hyperpersonal_core.kit.bus import Bus, Delivery
from hyperpersonal_core.kit.errors import OutsideError

TELL_EVERY_S = 2.0
BEATS_MISSED_MAX = 3
PROCESSES_MAX = 1_000
FACT_BYTES_MAX = 200


class Told(Struct, frozen=True):
    """Who says what: host and process number, and a short text."""

    process: str
    fact: str


class Presence:
    """One subject's teller or listener.

    Args:
        bus: the process's.
        subject: what kind of processes it is about.
        every_s: seconds between two beats.
        now: the present in seconds, for what is forgotten.
    """

    def __init__(
        self, bus: Bus, subject: str, every_s: float = TELL_EVERY_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._bus = bus
        self._subject, self._asking = f"{subject}.told", f"{subject}.asked"
        self._every_s, self._now = every_s, now
        self._heard: dict[str, tuple[float, str]] = {}

    async def tell(self, fact: str) -> None:
        """Tell `fact` (at most FACT_BYTES_MAX) of this process until cancelled."""
        told = Told(f"{socket.gethostname()}:{os.getpid()}", fact)
        payload = msgspec.msgpack.encode(told)
        asked = asyncio.Event()

        async def hear(_: Delivery) -> None:
            asked.set()

        heard = await self._bus.subscribe(self._asking, hear)
        try:
            while True:
                asked.clear()
                await self._say(self._subject, payload)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asked.wait(), self._every_s)
        finally:
            await heard.close()

    async def listen(self) -> None:
        """Hear the tellers from now on, and ask them to tell at once."""
        await self._bus.subscribe(self._subject, self._hear)
        await self._say(self._asking, b"")

    def facts(self) -> list[str]:
        """What the processes tell that are there now, in no order."""
        oldest = self._now() - BEATS_MISSED_MAX * self._every_s
        self._heard = {who: told for who, told in self._heard.items() if told[0] >= oldest}
        return [fact for _, fact in self._heard.values()]

    async def _hear(self, delivery: Delivery) -> None:
        told = msgspec.msgpack.decode(delivery.payload, type=Told)
        if len(told.fact) <= FACT_BYTES_MAX and len(self._heard) < PROCESSES_MAX:
            self._heard[told.process] = (self._now(), told.fact)

    async def _say(self, subject: str, payload: bytes) -> None:
        try:
            await self._bus.announce(subject, payload)
        except OutsideError:  # the bus comes back, and so does the next beat
            return
