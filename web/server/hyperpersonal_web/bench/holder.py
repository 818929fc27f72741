"""Holds many idle WebSockets in a process of its own, and notes when each hears the broadcast.

Reads a `Hold` (one JSON line) from standard input; writes how many it holds, then a `Held`.
"""

import asyncio
import sys
import time

import msgspec
import uvloop
from msgspec import Struct
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

CONNECTING_AT_ONCE = 100
HEAR_SECONDS_MAX = 30.0


class Hold(Struct, frozen=True):
    """Whom to connect to, and as whom."""

    port: int
    tokens: list[str]


class Held(Struct, frozen=True):
    """How many heard the broadcast, and how long after it was told."""

    heard: int
    ms_p50: float
    ms_p99: float


class _Event(Struct):
    text: str = ""


class _Frame(Struct):
    type: str
    events: list[_Event] = []


_frames = msgspec.json.Decoder(_Frame)


class Listener(WSListener):
    """One socket."""

    def __init__(self, token: str, took: list[float], everybody: asyncio.Event, of: int) -> None:
        self._token = token
        self._took = took
        self._everybody = everybody
        self._of = of
        self.ready = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        opening = {"type": "open", "token": self._token, "after": 0}
        transport.send(WSMsgType.TEXT, msgspec.json.encode(opening))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        got = _frames.decode(frame.get_payload_as_bytes())
        if got.type == "ready":
            self.ready.set_result(None)
        elif got.type == "events":
            self._took.append(time.time() - float(got.events[0].text))
            if len(self._took) == self._of:
                self._everybody.set()


async def run(hold: Hold) -> None:
    """Connect all, say how many, hear the broadcast, say how fast, and wait to be let go."""
    took: list[float] = []
    url, everybody = f"ws://127.0.0.1:{hold.port}/v1/chat/socket", asyncio.Event()
    gate, kept = asyncio.Semaphore(CONNECTING_AT_ONCE), []

    async def one(token: str) -> None:
        async with gate:
            listener = Listener(token, took, everybody, len(hold.tokens))
            kept.append(await ws_connect(lambda: listener, url, websocket_handshake_timeout=60))
            await asyncio.wait_for(listener.ready, 60)

    await asyncio.gather(*(one(token) for token in hold.tokens))
    print(len(kept), flush=True)  # noqa: T201
    try:
        await asyncio.wait_for(everybody.wait(), HEAR_SECONDS_MAX)
    finally:
        took.sort()
        last = max(0, len(took) - 1)
        figures = [took[min(last, int(len(took) * part))] * 1000 for part in (0.5, 0.99)]
        told = Held(len(took), round(figures[0], 1), round(figures[1], 1))
        print(msgspec.json.encode(told).decode(), flush=True)  # noqa: T201


def main() -> None:
    """Read, then run."""
    hold = msgspec.json.decode(sys.stdin.buffer.readline(), type=Hold)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(hold))


if __name__ == "__main__":
    main()
