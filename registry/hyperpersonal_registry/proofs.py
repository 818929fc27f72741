"""Reads what a domain shows of a publisher: through the guard that plugins' requests pass too."""

import asyncio
from collections.abc import Collection

from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_runtime.api import Fetcher, FetchError, FetchRequest
from hyperpersonal_sdk.url_patterns import split_url

from hyperpersonal_registry.claims import PLACE

TEXT_BYTES_MAX = 4 * 1024
SECONDS_MAX = 5.0
FIRST_BYTE_S = 4.0
OWNER = "registry-proofs"


class DomainProofs:
    """Fetches `https://<domain>/.well-known/hyperpersonal-publisher`: no redirects, 4 KiB, 5 s.

    Args:
        fetcher: resolves once and refuses private addresses.
        near: hosts the operator lets be reached although they are private; spoken to over HTTP.
    """

    def __init__(self, fetcher: Fetcher, near: Collection[str] = ()) -> None:
        self._fetcher = fetcher
        self._near = frozenset(near)

    async def read(self, domain: str) -> str:
        """The text a domain shows. Raises RefusedError with what is wrong."""
        scheme = "http" if domain.partition(":")[0] in self._near else "https"
        address = f"{scheme}://{domain}{PLACE}"
        url = split_url(address)
        if url is None:
            raise RefusedError(f"{address} is no address")
        try:
            async with asyncio.timeout(SECONDS_MAX):
                request = FetchRequest(OWNER, url, "GET", (), first_byte_s=FIRST_BYTE_S)
                return await self._text(request)
        except FetchError as error:
            raise RefusedError(f"{address} cannot be read: {error}") from error
        except TimeoutError as error:
            raise RefusedError(f"{address} took more than {SECONDS_MAX:.0f} s") from error

    async def _text(self, request: FetchRequest) -> str:
        answer = await self._fetcher.send(request)
        try:
            if answer.status != 200:
                raise RefusedError(f"{request.url.text} answered {answer.status}, not 200")
            data = b""
            while part := await answer.read():
                data += part
                if len(data) > TEXT_BYTES_MAX:
                    raise RefusedError(f"the proof has more than {TEXT_BYTES_MAX} bytes")
        finally:
            answer.close()
        return data.decode("utf-8", "replace")
