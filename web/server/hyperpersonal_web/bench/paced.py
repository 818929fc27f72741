"""A load generator in an open loop, a process of its own: neighbours who write evenly, and at
times a tenant that floods.

`python -m hyperpersonal_web.bench.paced` reads a `Pace` (JSON) from standard input, and writes a
`PacedFigures` (JSON) to standard output. A message that is due while every shopper still waits for
an answer is sent by the next who is free, and its time counts from when it was due.
"""

import asyncio
import contextlib
import sys
import time
from collections import deque

import msgspec
import uvloop
from msgspec import Struct
from picows import WSFrame, WSMsgType, WSTransport

from hyperpersonal_web.bench.load import CAUGHT_UP_S, FRAMES, Load, Shopper

SETTLE_S_MAX = 15.0
PAUSE_S = 0.5


class Pace(Struct, frozen=True):
    """`rate`: messages a second of all neighbours together; `flood_rate`: of the flood, in every
    second of twice `phases` phases of `seconds` each."""

    port: int
    neighbours: list[str]
    flood: list[str]
    rate: float
    flood_rate: float
    seconds: float
    phases: int


class PacedFigures(Struct, frozen=True):
    """The neighbours' times, without and with the flood; what became of the flood's messages."""

    quiet_ms_p50: float
    quiet_ms_p95: float
    flooded_ms_p50: float
    flooded_ms_p95: float
    neighbour_refused: int
    neighbour_unanswered: int
    flood_sent: int
    flood_answered: int
    flood_refused: int


class Group:
    """The shoppers of one tenant, and what they met."""

    def __init__(self) -> None:
        self.free: deque[PacedShopper] = deque()
        self.waiting: deque[float] = deque()
        self.took: list[float] = []
        self.sent = self.refused = 0
        self.at_rest = asyncio.Event()

    def due(self) -> None:
        """A message is due now."""
        self.waiting.append(time.perf_counter())
        self.next()

    def next(self) -> None:
        """Send what is due, as far as somebody is free."""
        while self.waiting and self.free:
            self.sent += 1
            self.free.popleft().send(self.waiting.popleft())
        if self.waiting or self.open:
            self.at_rest.clear()
        else:
            self.at_rest.set()

    @property
    def open(self) -> int:
        """Messages without an end."""
        return self.sent - len(self.took) - self.refused


class PacedShopper(Shopper):
    """One conversation, one message at a time."""

    def __init__(self, load: Load, number: int, group: Group) -> None:
        super().__init__(load, number)
        self._group = group
        self._due_at = 0.0
        self.ends_at = float("inf")
        group.free.append(self)

    def send(self, due_at: float) -> None:
        """Write, on account of a message due then."""
        self._due_at = due_at
        self.say()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        got = FRAMES.decode(frame.get_payload_as_bytes())
        if got.type == "ready":
            self.ready.set()
        elif got.type == "problem":
            self._group.refused += self._freed()
            self._group.next()
        elif any(event.source != "contact" for event in got.events) and self._freed():
            self._group.took.append(time.perf_counter() - self._due_at)
            self._group.next()

    def _freed(self) -> bool:
        """Whether it had waited for this; then somebody else's message may be sent."""
        waited, self._sent_at = self.waits, 0.0
        if waited:
            self._group.free.append(self)
        return waited


async def _write(group: Group, rate: float, seconds: float) -> None:
    """Evenly, whatever becomes of it."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(began + number / rate - loop.time())
        group.due()


async def _settle(neighbour: Group, flood: Group) -> None:
    """Every message of the neighbour counts, a late one too; the flood's that were not even sent
    are dropped."""
    flood.waiting.clear()
    flood.next()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_S_MAX):
            await neighbour.at_rest.wait()
            await flood.at_rest.wait()
    await asyncio.sleep(PAUSE_S)


async def _connected(pace: Pace, tokens: list[str]) -> Group:
    group, load = Group(), Load(pace.port, tokens, 0.0, "ws")
    for start in range(0, len(tokens), 64):
        numbers = range(start, min(start + 64, len(tokens)))
        shoppers = [PacedShopper(load, number, group) for number in numbers]
        await asyncio.gather(*(shopper.connect() for shopper in shoppers))
    return group


async def run(pace: Pace) -> PacedFigures:
    """Quiet and flooded phases in turns, so that what else the machine does meets both."""
    neighbour, flood = [await _connected(pace, t) for t in (pace.neighbours, pace.flood)]
    await asyncio.sleep(CAUGHT_UP_S)
    took: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * pace.phases):
        flooded, seen = number % 2 == 1, len(neighbour.took)
        writing = [_write(neighbour, pace.rate, pace.seconds)]
        if flooded:
            writing.append(_write(flood, pace.flood_rate, pace.seconds))
        await asyncio.gather(*writing)
        await _settle(neighbour, flood)
        took[flooded] += neighbour.took[seen:]
    without, with_it = sorted(took[False]), sorted(took[True])
    return PacedFigures(
        _ms(without, 0.5), _ms(without, 0.95), _ms(with_it, 0.5), _ms(with_it, 0.95),
        neighbour.refused, neighbour.open, flood.sent, len(flood.took), flood.refused,
    )  # fmt: skip


def _ms(ordered: list[float], part: float) -> float:
    return round(ordered[int((len(ordered) - 1) * part)] * 1000, 2) if ordered else 0.0


def main() -> None:
    """Read, run, write."""
    pace = msgspec.json.decode(sys.stdin.buffer.read(), type=Pace)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(run(pace))
    sys.stdout.buffer.write(msgspec.json.encode(figures))


if __name__ == "__main__":
    main()
