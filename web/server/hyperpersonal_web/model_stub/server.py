"""The stub's HTTP: both vendors' paths on one port, plain or streamed, and faults on demand."""

import asyncio
import contextlib
from types import ModuleType
from typing import Any

import msgspec
from hyperpersonal_sdk.contract.models import GenerateAsk

from hyperpersonal_web.model_stub import anthropic_wire, openai_wire
from hyperpersonal_web.model_stub.script import Fault, Said, Script, parrot

WIRES: dict[str, ModuleType] = {wire.PATH: wire for wire in (anthropic_wire, openai_wire)}
BODY_BYTES_MAX = 4 << 20
SILENCE_S = 60.0
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}

Headers = dict[str, str]


class StubModel:
    """A running stub. `asks`: every request it took, in order; `bodies`: as they came.

    Args:
        script: what it says.
        key: the credential it takes; '' takes any.
    """

    def __init__(self, script: Script = parrot, key: str = "") -> None:
        self.script = script
        self.asks: list[GenerateAsk] = []
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.record = True
        self._key = key
        self._count = 0
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> int:
        """Listen on the loopback; the port it got."""
        self._server = await asyncio.start_server(self._client, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """End every connection."""
        assert self._server is not None
        self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._server.wait_closed()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            while (request := await _read(reader)) is not None:
                if not await self._serve(request, writer):
                    break
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass
        finally:
            self._clients.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve(self, request: tuple[str, Headers, bytes], writer: Any) -> bool:
        """One request; False when the connection must end."""
        path, headers, body = request
        wire = WIRES.get(path)
        if wire is None:
            return await _send(writer, 404, openai_wire.error(404, f"no such path {path}"))
        if self._key and wire.key_of(headers) != self._key:
            return await _send(writer, 401, wire.error(401, "invalid x-api-key"))
        try:
            ask = self._take(wire, headers, body)
        except (ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
            return await _send(writer, 400, wire.error(400, str(error)))
        said = self.script(ask)
        if isinstance(said, Fault):
            return await self._fail(wire, ask, said, writer)
        await asyncio.sleep(said.delay_ms / 1000)
        if not ask.stream:
            return await _send(writer, 200, wire.answer(ask, said, self._count))
        return await self._stream(wire, ask, said, writer)

    def _take(self, wire: ModuleType, headers: Headers, body: bytes) -> GenerateAsk:
        data = msgspec.json.decode(body)
        ask: GenerateAsk = wire.parse(data, headers)
        self._count += 1
        if self.record:
            self.asks.append(ask)
            self.bodies.append(data)
            self.keys.append(wire.key_of(headers))
        return ask

    async def _stream(self, wire: ModuleType, ask: GenerateAsk, said: Said, writer: Any) -> bool:
        writer.write(_head(200, {"content-type": "text/event-stream", **_CHUNKED}))
        for event in wire.events(ask, said, self._count):
            writer.write(_chunk(event))
            if said.piece_ms:
                await writer.drain()
                await self.between(said, event)
        writer.write(_chunk(""))
        await writer.drain()
        return True

    async def between(self, said: Said, event: str) -> None:
        """After an event of a stream, before the next."""
        await asyncio.sleep(said.piece_ms / 1000)

    async def _fail(self, wire: ModuleType, ask: GenerateAsk, fault: Fault, writer: Any) -> bool:
        if fault.kind == "silent":
            await asyncio.sleep(SILENCE_S)
            return False
        if fault.kind == "status":
            words = wire.error(fault.status, f"scripted {fault.status}")
            return await _send(writer, fault.status, words, fault.headers)
        if fault.kind == "malformed":
            return await _send(writer, 200, b'{"this is": no JSON', fault.headers)
        writer.write(_head(200, {"content-type": "text/event-stream", **_CHUNKED}))
        for event in list(wire.events(ask, fault.said, self._count))[: 2 + fault.pieces]:
            writer.write(_chunk(event))
        if fault.kind == "error_event":
            writer.write(_chunk(wire.error_event()) + _chunk(""))
        await writer.drain()
        return False


_CHUNKED = {"transfer-encoding": "chunked"}


async def _read(reader: asyncio.StreamReader) -> tuple[str, Headers, bytes] | None:
    """One HTTP/1.1 request with a content length; None at the connection's end."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    size = min(int(headers.get("content-length", 0)), BODY_BYTES_MAX)
    return first.split(" ")[1].partition("?")[0], headers, await reader.readexactly(size)


async def _send(writer: Any, status: int, body: Any, headers: Headers | None = None) -> bool:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    more = {"content-type": "application/json", "content-length": str(len(data)), **(headers or {})}
    writer.write(_head(status, more) + data)
    await writer.drain()
    return True


def _head(status: int, headers: Headers) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {REASONS.get(status, 'Scripted')}\r\n{lines}\r\n".encode()


def _chunk(text: str) -> bytes:
    data = text.encode()
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
