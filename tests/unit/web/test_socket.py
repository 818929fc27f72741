"""A chat socket whose client stops reading is let go with a clear code; others are not held up."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_web.http.rates import Rates
from hyperpersonal_web.http.socket import FRAMES_WAITING_MAX, TOO_SLOW, ChatSocket
from hyperpersonal_web.http.tokens import ContactScope, ContactTokens

SCOPE = ContactScope(*(UUID(int=n) for n in range(1, 5)))
CLOCK = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))
TOKENS = ContactTokens("s" * 32, CLOCK)
RATES = Rates(Settings(), CLOCK)


class OneListener:
    """A hub that keeps who joined."""

    def __init__(self) -> None:
        self.listener: Any = None
        self.left = False

    def join(self, key: Any, listener: Any) -> None:
        self.listener = listener

    def leave(self, key: Any, listener: Any) -> None:
        self.left = True


class AwayIntake:
    """PostgreSQL is away."""

    async def take(self, contact: Any, message: Any) -> Any:
        raise OutsideError("connection refused")


class Client:
    """The other end of an ASGI connection; reads only while `reading` is set."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[Any] = asyncio.Queue()
        self.got: list[Any] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.inbox.put_nowait({"type": "websocket.connect"})
        self.say({"type": "open", "token": TOKENS.mint(SCOPE), "after": 0})

    def say(self, frame: dict[str, Any]) -> None:
        self.inbox.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    async def send(self, message: Any) -> None:
        await self.reading.wait()
        self.got.append(message)


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not what():
            await asyncio.sleep(0.001)


async def connected(client: Client, hub: OneListener) -> "asyncio.Task[None]":
    serve: Any = ChatSocket(TOKENS, AwayIntake(), hub, RATES)  # type: ignore[arg-type]
    task = asyncio.create_task(serve({"type": "websocket"}, client.inbox.get, client.send))
    await until(lambda: hub.listener is not None and len(client.got) == 2)
    return task


async def ended(client: Client, task: "asyncio.Task[None]") -> None:
    client.inbox.put_nowait({"type": "websocket.disconnect", "code": 1005})
    await asyncio.wait_for(task, 60)


async def test_that_a_client_that_stops_reading_is_let_go() -> None:
    client, hub = Client(), OneListener()
    task = await connected(client, hub)
    client.reading.clear()
    for number in range(FRAMES_WAITING_MAX * 3):
        hub.listener.offer(f'{{"n": {number}}}')
    await asyncio.sleep(0.01)
    client.reading.set()
    await until(lambda: client.got[-1]["type"] == "websocket.close")
    assert client.got[-1]["code"] == TOO_SLOW
    assert "cursor" in client.got[-1]["reason"]
    assert len(client.got) < 10, "what it would not read is not kept"
    await ended(client, task)
    assert hub.left


async def test_that_a_client_that_is_a_little_late_gets_everything_in_order() -> None:
    client, hub = Client(), OneListener()
    task = await connected(client, hub)
    client.reading.clear()
    for number in range(FRAMES_WAITING_MAX // 2):
        hub.listener.offer(str(number))
    await asyncio.sleep(0.01)
    client.reading.set()
    await until(lambda: len(client.got) >= 2 + FRAMES_WAITING_MAX // 2)
    texts = [message["text"] for message in client.got[2:]]
    assert texts == [str(number) for number in range(FRAMES_WAITING_MAX // 2)]
    await ended(client, task)


async def test_that_a_message_that_could_not_be_stored_is_told_as_retryable() -> None:
    client, hub = Client(), OneListener()
    task = await connected(client, hub)
    client.say({"type": "message", "id": "m1", "text": "hello"})
    await until(lambda: len(client.got) > 2)
    problem = json.loads(client.got[-1]["text"])
    assert (problem["type"], problem["id"], problem["status"]) == ("problem", "m1", 503)
    assert problem["retry_after_s"] > 0
    assert "refused" not in problem["detail"], "what failed inside is not for shoppers"
    await ended(client, task)
