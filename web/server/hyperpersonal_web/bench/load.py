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
CAUGHT_UP_S = 0.25


class Load(Struct, frozen=True):
    """`texts`: what shopper number n writes (texts[n mod len]); empty: the same for all. A shopper
    writes on after the reply was pushed, or as soon as the message is stored (`until`)."""

    port: int
    tokens: list[str]
    seconds: float
    way: Literal["post", "ws"]
    until: Literal["reply", "stored"] = "reply"
    texts: list[str] = []


class Figures(Struct, frozen=True):
    """Messages answered (or stored), and how long that took from the moment they were sent."""

    answered: int
    msgs_per_s: float
    ms_p50: float
    ms_p99: float


class Event(Struct):
    """An event of a frame, as far as a load generator looks."""

    source: str = ""


class Frame(Struct):
    """What the gateway says over a socket, as far as a load generator looks."""

    type: str
    events: list[Event] = []


FRAMES = msgspec.json.Decoder(Frame)


class Shopper(WSListener):
    """One conversation in a closed loop."""

    def __init__(self, load: Load, number: int) -> None:
        self._load = load
        self._token = load.tokens[number]
        self._text = load.texts[number % len(load.texts)] if load.texts else TEXT
        self._run = f"{time.time_ns():x}"  # ids of an earlier run would be duplicates
        self._count = 0
        self._sent_at = 0.0  # 0: nothing is waited for
        self._post: asyncio.StreamWriter | None = None
        self.took: list[float] = []
        self.late: list[float] = []  # answered after the time was over
        self.ends_at = 0.0
        self.ready = asyncio.Event()

    async def connect(self) -> None:
        """Open the socket, and for the POST way a connection to post on."""
        url = f"ws://127.0.0.1:{self._load.port}/v1/chat/socket"
        await ws_connect(lambda: self, url, websocket_handshake_timeout=30)
        if self._load.way == "post":
            reader, self._post = await asyncio.open_connection("127.0.0.1", self._load.port)
            self._reading = asyncio.create_task(self._read(reader))
        await asyncio.wait_for(self.ready.wait(), 30)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._send({"type": "open", "token": self._token, "after": 0})

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        got = FRAMES.decode(frame.get_payload_as_bytes())
        if got.type == "ready":
            self.ready.set()
        elif _settles(got, self._load.until):
            self._done()

    def say(self) -> None:
        """The next message, unless the time is over."""
        now = time.perf_counter()
        if not now < self.ends_at:
            return
        self._sent_at = now
        self._count += 1
        message = {"type": "message", "id": f"{self._run}-{self._count}", "text": self._text}
        if self._post is None:
            self._send(message)
            return
        body = msgspec.json.encode(message)
        head = f"authorization: Bearer {self._token}\r\ncontent-length: {len(body)}\r\n\r\n"
        self._post.write(HEAD + head.encode() + body)

    @property
    def waits(self) -> bool:
        """Whether its last message is still unanswered."""
        return self._sent_at > 0

    def _done(self) -> None:
        now = time.perf_counter()
        if self._sent_at:  # else it is history, told at the opening
            (self.took if now < self.ends_at else self.late).append(now - self._sent_at)
        self._sent_at = 0.0
        self.say()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Each answer of the server is one status line; what it says beside that is skipped."""
        while got := await reader.read(65536):
            if self._load.until == "stored" and b"HTTP/1.1 202" in got:
                self._done()

    def _send(self, frame: dict[str, Any]) -> None:
        self._transport.send(WSMsgType.TEXT, msgspec.json.encode(frame))


def _settles(frame: Frame, until: str) -> bool:
    if until == "stored":
        return frame.type == "ack"
    return any(event.source != "contact" for event in frame.events)


async def _ended(shoppers: list[Shopper]) -> None:
    """Let what is on its way arrive, a minute at most, so that the server is left in peace."""
    for _ in range(600):
        if not any(shopper.waits for shopper in shoppers):
            return
        await asyncio.sleep(0.1)


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
    await _ended(shoppers)
    elapsed, took = load.seconds, [one for shopper in shoppers for one in shopper.took]
    if not took:  # all were slower than the time that was given
        elapsed = time.perf_counter() - began
        took = [one for shopper in shoppers for one in shopper.late]
    return _figures(sorted(took), elapsed)


def _figures(took: list[float], elapsed: float) -> Figures:
    if not took:
        return Figures(0, 0.0, 0.0, 0.0)
    return Figures(
        len(took),
        round(len(took) / elapsed, 1),
        round(took[len(took) // 2] * 1000, 2),
        round(took[int(len(took) * 0.99)] * 1000, 2),
    )


def main() -> None:
    """Read, run, write."""
    load = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(run(load))
    sys.stdout.buffer.write(msgspec.json.encode(figures))


if __name__ == "__main__":
    main()
