"""`/v1/chat/socket`: one WebSocket, one conversation, as a plain ASGI application.

The wire (JSON text frames), version 1:
    -> {"type": "open", "token": …, "after": 0}      first, within five seconds
    -> {"type": "message", "id": …, "text": …}       id made by the client; the same twice is one
    -> {"type": "typing"}, {"type": "ping"}
    <- ready, ack (id, offset, fresh), events (events, newest), typing (source), pong,
       draft (after, text: all that is written so far of the answer to come; each takes the place of
       the one before, any event after `after` takes its place),
       problem (RFC 9457 fields, and the id of the message it is about; status 429: too many at
       once, 503: too much waits already; send the same id again after `retry_after_s`)

Close codes: 4400 not our protocol, 4401 no valid token, 4408 too slow to read (resume with
`after`), 4429 too many sockets of one contact, 1009 a frame over the cap. It stands outside the
web framework because an idle socket must cost little: what is kept for it is one `_Socket`, its
place among the contact's, and the server's own connection.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from hyperpersonal_core.api import decode_frame
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import (
    OutsideError,
    RefusedError,
    TooManyError,
    UnauthenticatedError,
)

from hyperpersonal_web.http.hub import Hub
from hyperpersonal_web.http.intake import Intake
from hyperpersonal_web.http.limits import OFFSET_MAX
from hyperpersonal_web.http.problems import as_fields
from hyperpersonal_web.http.rates import Rates
from hyperpersonal_web.http.tokens import ContactScope, ContactTokens
from hyperpersonal_web.http.views import frame

OPEN_DEADLINE_S = 5.0
MESSAGE_DEADLINE_S = 20.0
FRAMES_WAITING_MAX = 256
NOT_OURS, NO_TOKEN, TOO_SLOW, TOO_MANY = 4400, 4401, 4408, 4429

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class _CloseError(Exception):
    """Ends the connection with a code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class _Socket:
    """What is kept while a socket is open. It is a `hub.Listener`."""

    __slots__ = ("_draining", "_send", "_waiting", "cursor")

    hears_typing = True

    def __init__(self, send: Send, cursor: int) -> None:
        self.cursor = cursor
        self._send = send
        self._waiting: deque[Message] | None = None
        self._draining: asyncio.Task[None] | None = None

    def offer(self, text: str) -> None:
        """Send when the client can take it; a client that is too far behind is let go."""
        if self._waiting is None:
            self._waiting = deque()
        if len(self._waiting) >= FRAMES_WAITING_MAX:
            self._waiting.clear()
            self._put(_close(TOO_SLOW, "too slow; resume from your cursor"))
        elif not self._leaving:
            self._put({"type": "websocket.send", "text": text})

    @property
    def _leaving(self) -> bool:
        return bool(self._waiting) and self._waiting[-1]["type"] == "websocket.close"  # type: ignore[index]

    def _put(self, message: Message) -> None:
        assert self._waiting is not None
        self._waiting.append(message)
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._send(self._waiting.popleft())
        except (OSError, RuntimeError):  # gone; its receive loop ends too
            return
        finally:
            self._waiting = self._draining = None


class ChatSocket:
    """Serves every chat socket of this process."""

    def __init__(self, tokens: ContactTokens, intake: Intake, hub: Hub, rates: Rates) -> None:
        self._tokens = tokens
        self._intake = intake
        self._hub = hub
        self._rates = rates
        self._log = log.get("socket")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One connection, from its handshake to its end."""
        await receive()
        await send({"type": "websocket.accept"})
        try:
            contact, after = await self._open(receive)
            with self._rates.socket(contact.contact_id):
                await self._serve(contact, after, receive, send)
        except _CloseError as end:
            await _last(send, _close(end.code, str(end)))
        except TooManyError as error:
            await _last(send, _close(TOO_MANY, error.message))
        except ConnectionError:
            return

    async def _open(self, receive: Receive) -> tuple[ContactScope, int]:
        try:
            async with asyncio.timeout(OPEN_DEADLINE_S):
                first = _decode(await receive())
        except TimeoutError as error:
            raise _CloseError(NOT_OURS, "send an `open` frame first") from error
        after, token = first.get("after", 0), first.get("token")
        if first.get("type") != "open" or not isinstance(after, int) or not isinstance(token, str):
            raise _CloseError(NOT_OURS, "send an `open` frame first")
        try:
            return self._tokens.read(token), min(max(after, 0), OFFSET_MAX)
        except UnauthenticatedError as error:
            raise _CloseError(NO_TOKEN, error.message) from error

    async def _serve(self, contact: ContactScope, after: int, receive: Receive, send: Send) -> None:
        key = (contact.tenant_id, contact.conversation_id)
        socket = _Socket(send, after)
        socket.offer(frame("ready"))
        self._hub.join(key, socket)
        try:
            while True:
                await self._handle(contact, _decode(await receive()), socket)
        finally:
            self._hub.leave(key, socket)

    async def _handle(self, contact: ContactScope, got: dict[str, Any], socket: _Socket) -> None:
        kind = got.get("type")
        if kind == "message":
            socket.offer(await self._take(contact, got))
        elif kind == "typing":
            await self._tell_typing(contact, socket)
        elif kind == "ping":
            socket.offer(frame("pong"))
        else:
            raise _CloseError(NOT_OURS, "unknown frame; this is version 1 of the chat protocol")

    async def _tell_typing(self, contact: ContactScope, socket: _Socket) -> None:
        try:
            self._rates.typing(contact.contact_id)
        except TooManyError as error:
            socket.offer(frame("problem", id=None, **as_fields(error)))
            return
        await self._hub.typing((contact.tenant_id, contact.conversation_id), "contact")

    async def _take(self, contact: ContactScope, got: dict[str, Any]) -> str:
        try:
            async with asyncio.timeout(MESSAGE_DEADLINE_S):
                done = await self._intake.take(contact, got)
        except (RefusedError, OutsideError, TimeoutError) as error:
            return frame("problem", id=got.get("id"), **as_fields(error))
        return frame("ack", id=got["id"], offset=done.offset, fresh=done.fresh)


def _decode(message: Message) -> dict[str, Any]:
    if message["type"] == "websocket.disconnect":
        raise ConnectionError
    try:
        return decode_frame(message.get("text") or message.get("bytes") or b"")
    except RefusedError as error:
        raise _CloseError(NOT_OURS, error.message) from error


def _close(code: int, reason: str) -> Message:
    return {"type": "websocket.close", "code": code, "reason": reason}


async def _last(send: Send, message: Message) -> None:
    try:
        await send(message)
    except (OSError, RuntimeError):
        return
