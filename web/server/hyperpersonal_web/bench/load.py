"""The load generator, a process of its own: shoppers who each wait for an answer, then write on.

`python -m hyperpersonal_web.bench.load` reads a `Load` (JSON) from standard input, and writes a
`Figures` (JSON) to standard output.
"""

import asyncio
import sys
import time
from typing import Any, Literal

import msgspec
import uvloop
from msgspec import Struct
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

TEXT = "Where is my order? I was told it would be here on Monday. " * 6
HEAD = b"POST /v1/chat/messages HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
CONNECTING_AT_ONCE = 64
CAUGHT_UP_S = 0.5


class Load(Struct, frozen=True):
    """`texts`: what shopper number n writes (texts[n mod len]); empty: the same for all."""

    port: int
    tokens: list[str]
    seconds: float
    way: Literal["post", "ws"]
    texts: list[str] = []


class Figures(Struct, frozen=True):
    """Messages answered, the time from a message to its pushed answer, and what this process
    itself used."""

    answered: int
    msgs_per_s: float
    ms_p50: float
    ms_p99: float
    cpu_s: float


class _Event(Struct):
    source: str = ""


class _Frame(Struct):
    type: str
    events: list[_Event] = []


_frames = msgspec.json.Decoder(_Frame)


class Shopper(WSListener):
    """One conversation in a closed loop."""

    def __init__(self, load: Load, number: int) -> None:
        self._load = load
        self._token = load.tokens[number]
        self._text = load.texts[number % len(load.texts)] if load.texts else TEXT
        self._count = time.monotonic_ns()  # ids of an earlier run would be the same messages
        self._sent_at = 0.0
        self._waits = False
        self._post: asyncio.StreamWriter | None = None
        self.took: list[float] = []
        self.ends_at = float("inf")
        self.ready = asyncio.Event()

    async def connect(self) -> None:
        """Open the socket, and for the POST way a connection to post on."""
        url = f"ws://127.0.0.1:{self._load.port}/v1/chat/socket"
        await ws_connect(lambda: self, url, websocket_handshake_timeout=30)
        if self._load.way == "post":
            reader, self._post = await asyncio.open_connection("127.0.0.1", self._load.port)
            self._drain = asyncio.create_task(_read_away(reader))
        await asyncio.wait_for(self.ready.wait(), 30)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._send({"type": "open", "token": self._token, "after": 0})

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        got = _frames.decode(frame.get_payload_as_bytes())
        if got.type == "ready":
            self.ready.set()
        elif self._waits and any(one.source != "contact" for one in got.events):
            self._waits = False
            self.took.append(time.perf_counter() - self._sent_at)
            self.say()

    def say(self) -> None:
        """The next message, unless the time is over."""
        self._sent_at = time.perf_counter()
        if self._sent_at >= self.ends_at:
            return
        self._count += 1
        self._waits = True
        message = {"type": "message", "id": f"{self._count}", "text": self._text}
        if self._post is None:
            self._send(message)
            return
        body = msgspec.json.encode(message)
        head = f"authorization: Bearer {self._token}\r\ncontent-length: {len(body)}\r\n\r\n"
        self._post.write(HEAD + head.encode() + body)

    def _send(self, frame: dict[str, Any]) -> None:
        self._transport.send(WSMsgType.TEXT, msgspec.json.encode(frame))


async def _read_away(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def run(load: Load) -> Figures:
    """Everybody connects, then all write for `seconds`."""
    shoppers = [Shopper(load, number) for number in range(len(load.tokens))]
    for start in range(0, len(shoppers), CONNECTING_AT_ONCE):
        batch = shoppers[start : start + CONNECTING_AT_ONCE]
        await asyncio.gather(*(shopper.connect() for shopper in batch))
    await asyncio.sleep(CAUGHT_UP_S)  # what was said before is pushed first
    began = time.perf_counter()
    for shopper in shoppers:
        shopper.ends_at = began + load.seconds
        shopper.say()
    await asyncio.sleep(load.seconds)
    took = sorted(one for shopper in shoppers for one in shopper.took)
    if not took:
        return Figures(0, 0.0, 0.0, 0.0, time.process_time())
    return Figures(
        len(took),
        round(len(took) / load.seconds, 1),
        round(took[len(took) // 2] * 1000, 2),
        round(took[int(len(took) * 0.99)] * 1000, 2),
        time.process_time(),
    )


def main() -> None:
    """Read, run, write."""
    load = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(run(load))
    sys.stdout.buffer.write(msgspec.json.encode(figures))


if __name__ == "__main__":
    main()
