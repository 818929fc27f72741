"""A shopper's connection from Python: what the widget does, for checks and tests."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import websockets


class ChatConnection:
    """One WebSocket of one conversation. Frames nobody waited for are kept, in order."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self._kept: list[dict[str, Any]] = []

    @classmethod
    async def open(cls, base_url: str, token: str, after: int = 0) -> "ChatConnection":
        """Connect to the gateway at `base_url` (http://…) and resume after an offset."""
        url = base_url.replace("http", "ws", 1) + "/v1/chat/socket"
        chat = cls(await websockets.connect(url, max_size=2**20, open_timeout=60))
        await chat.send(type="open", token=token, after=after)
        await chat.next("ready")
        return chat

    async def send(self, **frame: Any) -> None:
        """One frame, as it is."""
        await self.socket.send(json.dumps(frame))

    async def say(self, text: str, message_id: str = "") -> dict[str, Any]:
        """Send a message and wait for its acknowledgement or refusal."""
        message_id = message_id or str(uuid4())
        await self.send(type="message", id=message_id, text=text)
        return await self.next("ack", "problem")

    async def next(self, *kinds: str, seconds: float = 60) -> dict[str, Any]:
        """The next frame of one of these types.

        Raises:
            TimeoutError: none came in time.
        """
        async with asyncio.timeout(seconds):
            while True:
                for position, frame in enumerate(self._kept):
                    if frame["type"] in kinds:
                        return self._kept.pop(position)
                self._kept.append(json.loads(await self.socket.recv()))

    async def close(self) -> None:
        """Hang up."""
        await self.socket.close()
