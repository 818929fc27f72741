"""One HTTP/1.1 connection: a request out, a response in as it comes. Framing by llhttp.

Source: RFC 9112 (HTTP/1.1). A response whose end is not marked ends with the connection; any other
that ends early is cut, never taken for whole (section 8).
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import httptools

HEADER_BYTES_MAX = 64 * 1024
BUFFER_BYTES_MAX = 256 * 1024
_FRAMING = (b"content-length", b"transfer-encoding")


class CutError(Exception):
    """The other side broke off, or spoke no HTTP. `answered`: some of a response had come."""

    def __init__(self, message: str, *, answered: bool) -> None:
        super().__init__(message)
        self.answered = answered


class Connection(asyncio.Protocol):
    """Carries one exchange at a time: `send`, `head`, `read` until it gives nothing.

    The parser calls the `on_…` methods; asyncio those of its Protocol.
    """

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.born = asyncio.get_running_loop().time()
        self._transport: Any = None
        self._news = asyncio.Event()
        self._fault: CutError | None = None
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._parser: Any = None
        self._body = bytearray()
        self._received = self._header_bytes = 0
        self._bodiless = self._headed = self._ended = self._framed = False
        self._keep = self._paused = False

    def send(self, request: bytes, *, bodiless: bool = False) -> None:
        """Begin an exchange. `bodiless`: the response has no body, whatever it says (HEAD)."""
        self._begin(bodiless=bodiless)
        if self._fault is None:
            self._transport.write(request)

    async def head(self) -> None:
        """Until `status` and `headers` are there. Raises CutError."""
        await self._until(lambda: self._headed)

    async def read(self) -> bytes:
        """What has arrived of the body, waiting for some; empty at its end. Raises CutError."""
        await self._until(lambda: bool(self._body) or self._ended)
        body, self._body = bytes(self._body), bytearray()
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return body

    @property
    def reusable(self) -> bool:
        """Whether another exchange may follow."""
        return self._ended and self._keep and not self.closed

    @property
    def closed(self) -> bool:
        return self._fault is not None or self._transport.is_closing()

    def close(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._ended or self._parser is None:
            self._fail("it sent what nobody asked for")
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(f"it sent no HTTP response: {error.__context__ or error}")
        if not self._headed and self._received > HEADER_BYTES_MAX:
            self._fail(f"it sent headers of more than {HEADER_BYTES_MAX} bytes")
        if len(self._body) > BUFFER_BYTES_MAX and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._headed and not self._ended and not self._framed and exc is None:
            self._ended = True
        self._fail("it broke off" if self._received else "it hung up")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._headed:  # a trailer, which nobody asked for
            return
        self._header_bytes += len(name) + len(value) + 4
        if self._header_bytes > HEADER_BYTES_MAX:
            raise ValueError(f"headers of more than {HEADER_BYTES_MAX} bytes")
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self._headed:
            raise ValueError("a second response")
        self.status = self._parser.get_status_code()
        if self.status < 200:  # interim (RFC 9110 section 15.2): the real one follows
            return
        self._headed = True
        self._framed = any(name in _FRAMING for name, _ in self.headers)
        self._keep = self._parser.should_keep_alive() and not self._bodiless
        self._ended = self._bodiless

    def on_body(self, part: bytes) -> None:
        if not self._bodiless:
            self._body += part

    def on_message_complete(self) -> None:
        if self._headed:
            self._ended = True
        else:
            self.headers = []

    async def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            if self._fault:
                raise self._fault
            self._news.clear()
            await self._news.wait()

    def _begin(self, *, bodiless: bool) -> None:
        self.status, self.headers = 0, []
        self._parser = httptools.HttpResponseParser(self)
        self._bodiless = bodiless
        self._body = bytearray()
        self._received = self._header_bytes = 0
        self._headed = self._ended = self._framed = self._keep = False

    def _fail(self, words: str) -> None:
        if self._fault is None:
            self._fault = CutError(words, answered=self._received > 0)
            self._transport.abort()
        self._news.set()


Connect = Callable[[str, int, str], Awaitable[Connection]]


def connector(tls: ssl.SSLContext) -> Connect:
    """Opens connections to (address, port); with a server name over TLS, verified for that name."""

    async def connect(address: str, port: int, server_name: str) -> Connection:
        secure: dict[str, Any] = {"ssl": tls, "server_hostname": server_name} if server_name else {}
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, address, port, **secure)
        return connection

    return connect


def strict_tls() -> ssl.SSLContext:
    """The machine's trusted roots, names checked, TLS 1.2 or newer (RFC 9325 section 3.1.1)."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
