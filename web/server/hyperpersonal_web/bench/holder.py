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
    """How many heard the broadcast, and when half and 99 % of them had (Unix time, seconds)."""

    heard: int
    at_p50: float
    at_p99: float


class _Frame(Struct):
    type: str


_frames = msgspec.json.Decoder(_Frame)


class Listener(WSListener):
    """One socket."""

    def __init__(
        self, token: str, heard_at: list[float], everybody: asyncio.Event, of: int
    ) -> None:
        self._token = token
        self._heard_at = heard_at
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
            self._heard_at.append(time.time())
            if len(self._heard_at) == self._of:
                self._everybody.set()


async def run(hold: Hold) -> None:
    """Connect all, say how many, hear the broadcast, say how fast, and wait to be let go."""
    heard_at: list[float] = []
    url, everybody = f"ws://127.0.0.1:{hold.port}/v1/chat/socket", asyncio.Event()
    gate, kept = asyncio.Semaphore(CONNECTING_AT_ONCE), []

    async def one(token: str) -> None:
        async with gate:
            listener = Listener(token, heard_at, everybody, len(hold.tokens))
            kept.append(await ws_connect(lambda: listener, url, websocket_handshake_timeout=60))
            await asyncio.wait_for(listener.ready, 60)

    await asyncio.gather(*(one(token) for token in hold.tokens))
    print(len(kept), flush=True)  # noqa: T201
    try:
        await asyncio.wait_for(everybody.wait(), HEAR_SECONDS_MAX)
    finally:
        heard_at.sort()
        last = len(heard_at) - 1
        halfway, nearly = (heard_at[int(last * part)] if heard_at else 0.0 for part in (0.5, 0.99))
        told = Held(len(heard_at), halfway, nearly)
        print(msgspec.json.encode(told).decode(), flush=True)  # noqa: T201


def main() -> None:
    """Read, then run."""
    hold = msgspec.json.decode(sys.stdin.buffer.readline(), type=Hold)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(hold))


if __name__ == "__main__":
    main()
