"""The one HTTP client of all plugins: bounded, without redirects, and never into private networks.

Rules:
1. A name is resolved here and the connection goes to that very address, so a name cannot point
   somewhere else a moment later. An address that is not public is refused (the granter decided
   before about URLs whose host is written as an address).
2. Redirects come back to the plugin as they are: following one is a new request with its own check.
3. Nothing of the environment counts: no proxies, no .netrc.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
from httpcore import AnyIOBackend, AsyncConnectionPool, AsyncNetworkBackend, AsyncNetworkStream
from msgspec import Struct

from hyperpersonal_runtime.capability_granter import is_public

CONNECTIONS_MAX = 200
RESPONSE_BYTES_MAX = 256 * 1024
TIMEOUT_SECONDS = 15.0


class PrivateAddressError(Exception):
    """The name leads to an address that is not out in the world."""


class Response(Struct, frozen=True):
    """What came back. `body` at most RESPONSE_BYTES_MAX."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class FetchError(Exception):
    """No response: refused, too slow, broken or too big; the message is for the plugin's author."""


class Fetcher:
    """Sends requests that the granter allowed."""

    def __init__(self) -> None:
        self._pool: AsyncConnectionPool | None = None

    async def fetch(
        self, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> Response:
        """One request, answered within TIMEOUT_SECONDS.

        Raises:
            FetchError: says what happened.
        """
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._fetch(method, url, list(headers), body)
        except TimeoutError:
            raise FetchError(f"no answer within {TIMEOUT_SECONDS:.0f} s") from None
        except PrivateAddressError as error:
            raise FetchError(str(error)) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise FetchError(f"the request failed: {type(error).__name__}") from None
        except (OSError, ValueError) as error:
            raise FetchError(f"the request failed: {error}") from None

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    async def _fetch(
        self, method: str, url: str, headers: list[tuple[str, str]], body: bytes
    ) -> Response:
        if self._pool is None:
            self._pool = AsyncConnectionPool(
                ssl_context=ssl.create_default_context(),
                max_connections=CONNECTIONS_MAX,
                network_backend=PublicOnly(),
            )
        async with self._pool.stream(method, url, headers=headers, content=body) as response:
            size, parts = 0, []
            async for part in response.aiter_stream():
                size += len(part)
                if size > RESPONSE_BYTES_MAX:
                    raise FetchError(f"the answer is over {RESPONSE_BYTES_MAX} bytes")
                parts.append(part)
            pairs = [(name.decode("latin-1"), value.decode("latin-1"))
                     for name, value in response.headers]  # fmt: skip
            return Response(response.status, pairs, b"".join(parts))


class PublicOnly(AsyncNetworkBackend):
    """Connects names to public addresses only (rule 1)."""

    def __init__(self) -> None:
        self._inner = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own name
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        address = await resolve_public(host, port)
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def resolve_public(host: str, port: int) -> str:
    """The address to connect to.

    Raises:
        PrivateAddressError: any address of the name is private.
    """
    if host == "localhost":
        return "127.0.0.1"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return host
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(item[4][0]) for item in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise PrivateAddressError(f"{host} leads into a private network")
    return addresses[0]
