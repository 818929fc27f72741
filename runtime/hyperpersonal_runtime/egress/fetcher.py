"""Sends a request that was allowed and gives its response as it comes: bounded, decoded, pinned.

Nothing of the environment counts (no proxies, no .netrc), and no redirect is followed here:
following one is a new request with its own check.
"""

import asyncio
import ssl
import zlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence

from hyperpersonal_sdk.url_patterns import Url
from msgspec import Struct

from hyperpersonal_runtime.egress.addresses import PrivateAddressError, Resolve
from hyperpersonal_runtime.egress.connection import Connection, CutError, connector, strict_tls
from hyperpersonal_runtime.egress.connections import Connections, CrowdedError

CONNECT_SECONDS_MAX = 5.0
DECODED_BYTES_AT_ONCE = 64 * 1024
SAFE_METHODS = ("GET", "HEAD")
LOOPBACK = ("127.0.0.1", "localhost")

_ACCEPTED = b"accept-encoding: gzip, deflate\r\nconnection: keep-alive\r\n\r\n"


class FetchError(Exception):
    """No response: refused, too slow, broken or too big; the message is for the plugin's author."""


class Request(Struct, frozen=True):
    """One request. `owner`: whose connections it may use; `headers`: names in lower case, checked;
    `first_byte_s`: how long the response may take to begin."""

    owner: str
    url: Url
    method: str
    headers: Sequence[tuple[str, str]]
    body: bytes = b""
    first_byte_s: float = 15.0

    def __repr__(self) -> str:
        """Without its headers: they hold credentials."""
        return f"Request({self.method} {self.url.origin})"

    @property
    def wire(self) -> bytes:
        """The request as it is sent. Source: RFC 9112 section 3."""
        lines = [f"{self.method} {self.url.target} HTTP/1.1", f"host: {self.url.authority}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body or self.method not in SAFE_METHODS:
            lines.append(f"content-length: {len(self.body)}")
        return "\r\n".join(lines).encode() + b"\r\n" + _ACCEPTED + self.body


class Exchange(ABC):
    """A response on its way. `read` until it gives nothing, or `close`."""

    def __init__(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.status = status
        self.headers = headers

    @abstractmethod
    async def read(self) -> bytes:
        """What has arrived of the decoded body, waiting for some; empty at its end.

        Raises:
            FetchError: cut, or no encoding we know.
        """

    def close(self) -> None:  # noqa: B027 - one that is whole already has nothing to close
        """Nobody wants the rest."""


class Fetcher:
    """One a process.

    Args:
        private_hosts: hosts the operator lets plugins reach although they are private.
        tls: whom to trust; the machine's roots when left out.
        resolve: names to addresses; the machine's resolver when left out.
    """

    def __init__(
        self,
        *,
        private_hosts: Collection[str] = (),
        tls: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._connections = Connections(connector(tls or strict_tls()), private_hosts, resolve)

    async def send(self, request: Request) -> Exchange:
        """The request's response, once its head is there.

        Raises:
            FetchError: says what happened.
        """
        try:
            return await self._send(request)
        except PrivateAddressError as error:
            raise FetchError(f"{error}; an operator may name it in HP_PRIVATE_HOSTS") from None
        except CrowdedError as error:
            raise FetchError(str(error)) from None
        except ssl.SSLError as error:
            raise FetchError(f"the connection is not safe: {error.reason or error}") from None
        except TimeoutError:
            words = f"no connection within {CONNECT_SECONDS_MAX:.0f} s"
            raise FetchError(words) from None
        except (OSError, CutError) as error:
            raise FetchError(f"the request failed: {error}") from None

    async def close(self) -> None:
        self._connections.close()

    async def _send(self, request: Request) -> Exchange:
        """Once more where a kept connection turns out to be dead and asking twice is harmless."""
        safe = request.method in SAFE_METHODS
        while True:
            async with asyncio.timeout(CONNECT_SECONDS_MAX):
                taken = self._connections.take(request.owner, request.url, safe=safe)
                connection, used = await taken
            wire = _Wire(request, connection, self._connections)
            try:
                await wire.begin()
            except CutError as error:
                wire.close()
                if not (safe and used) or error.answered:
                    raise
            except BaseException:
                wire.close()
                raise
            else:
                return wire


class _Wire(Exchange):
    """An exchange over a connection."""

    def __init__(self, request: Request, connection: Connection, home: Connections) -> None:
        super().__init__(0, [])
        self._request = request
        self._connection: Connection | None = connection
        self._home = home
        self._inflate: zlib._Decompress | None = None
        self._rest = b""

    async def begin(self) -> None:
        """Send, and wait for the head."""
        request, connection = self._request, self._connection
        assert connection is not None
        connection.send(request.wire, bodiless=request.method == "HEAD")
        try:
            async with asyncio.timeout(request.first_byte_s):
                await connection.head()
        except TimeoutError:
            raise FetchError(f"no answer within {request.first_byte_s:.0f} s") from None
        self.status = connection.status
        pairs = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in connection.headers]
        self._inflate = _decoder(pairs)
        self.headers = [(n, v) for n, v in pairs if n not in ("content-encoding", "content-length")]

    async def read(self) -> bytes:
        try:
            return await self._read()
        except CutError as error:
            self.close()
            raise FetchError(f"the answer was cut: {error}") from None
        except zlib.error:
            self.close()
            raise FetchError("the answer is not in the encoding it names") from None

    def close(self) -> None:
        if self._connection is not None:
            self._home.give_back(self._request.owner, self._request.url, self._connection)
            self._connection = None

    async def _read(self) -> bytes:
        while True:
            part = self._rest or (await self._connection.read() if self._connection else b"")
            if not part:
                self.close()
                return b""
            data = self._decoded(part)
            if data:
                return data

    def _decoded(self, part: bytes) -> bytes:
        """A little at a time: a small body may mean a huge one."""
        if self._inflate is None:
            return part
        data = self._inflate.decompress(part, DECODED_BYTES_AT_ONCE)
        self._rest = self._inflate.unconsumed_tail
        return data


def _decoder(headers: list[tuple[str, str]]) -> "zlib._Decompress | None":
    encodings = [value.strip().lower() for name, value in headers if name == "content-encoding"]
    if encodings in ([], ["identity"], [""]):
        return None
    if encodings in (["gzip"], ["x-gzip"], ["deflate"]):
        return zlib.decompressobj(zlib.MAX_WBITS | 32)
    raise FetchError(f"the answer is encoded in a way we did not ask for: {encodings[0][:40]!r}")
