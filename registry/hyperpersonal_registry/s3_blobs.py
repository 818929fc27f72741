"""Artifacts in an object store that speaks S3; obstore has its only home here.

Where, and with which key, is said as every client of S3 is told: AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL, or the role of the machine. An object is
written only where none is ("If-None-Match: *"), so that two writers cannot undo each other.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import obstore
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_sdk.hpx import ARCHIVE_BYTES_MAX
from msgspec import Struct
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    GenericError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from hyperpersonal_registry.blobs import digest_at, key_of

if TYPE_CHECKING:
    from obstore.store import S3Config

LISTED_AT_ONCE = 1_000
PART_BYTES = 1 << 20
REASON_CHARS_MAX = 300
_HTTP = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT")
_LOOK = "look at AWS_ENDPOINT_URL, AWS_REGION and the network"
_REFUSED = (PermissionDeniedError, UnauthenticatedError)


class Patience(Struct, frozen=True):
    """How long a store is waited for.

    Attributes:
        connect_s: for a connection. request_s: for one request, its body with it.
        retries: how often a request is sent again after a broken connection or a 5xx.
        total_s: for one `put` or `get` with all of it, and for each page of a list.
    """

    connect_s: float = 5.0
    request_s: float = 30.0
    retries: int = 3
    total_s: float = 60.0


class S3Blobs:
    """Objects `PREFIX/ab/cdef….hpx` of one bucket.

    Args:
        bucket, prefix: where; an empty prefix is the bucket's top.
        config: instead of the environment, by obstore's names.
        environ: where an endpoint without TLS may be named.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        patience: Patience | None = None,
        config: "S3Config | None" = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._patience = patience or Patience()
        self._place = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        given = config or {}
        named = given.get("endpoint") or next(filter(None, map(environ.get, _HTTP)), "")
        self._store = S3Store(
            bucket, prefix=prefix or None, config=given,
            client_options={
                "allow_http": named.startswith("http://"),  # only where the operator wrote so
                "connect_timeout": timedelta(seconds=self._patience.connect_s),
                "timeout": timedelta(seconds=self._patience.request_s),
            },
            retry_config={
                "max_retries": self._patience.retries,
                "retry_timeout": timedelta(seconds=self._patience.total_s),
            },
        )  # fmt: skip

    async def put(self, digest: str, artifact: bytes) -> None:
        """Keep an artifact, where none is. When that is refused, or broke off, it is looked what is
        there: only other bytes are replaced. So a repeated put is no second writing, and a store
        that knows no conditions serves too.

        Raises:
            OutsideError: it is not known to be kept; the same put may be sent again.
        """
        key = key_of(digest)
        async with self._asking("keep"):
            try:
                await self._send(key, artifact, "create")
            except (AlreadyExistsError, GenericError):
                if await self._read(key) != artifact:
                    await self._send(key, artifact, "overwrite")

    async def get(self, digest: str) -> bytes | None:
        """What the store has under a digest; nothing is believed of it.

        Raises:
            OutsideError: the store does not answer, or not to us, or not to the end.
        """
        async with self._asking("give"):
            return await self._read(key_of(digest))

    async def digests(self) -> AsyncIterator[str]:
        """Each digest below the prefix, as the store lists them. Raises OutsideError."""
        pages = obstore.list(self._store, chunk_size=LISTED_AT_ONCE).__aiter__()
        while True:
            async with self._asking("list"):
                page = await anext(pages, None)
            if page is None:
                return
            for one in page:
                if (digest := digest_at(one["path"])) is not None:
                    yield digest

    async def _send(self, key: str, data: bytes, mode: Literal["create", "overwrite"]) -> None:
        await obstore.put_async(self._store, key, data, mode=mode, use_multipart=False)

    async def _read(self, key: str) -> bytes | None:
        try:
            found = await obstore.get_async(self._store, key)
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise
            return None
        data = bytearray()
        async for part in found.stream(min_chunk_size=PART_BYTES):
            data += memoryview(part)[: ARCHIVE_BYTES_MAX + 1 - len(data)]
            if len(data) > ARCHIVE_BYTES_MAX:
                break
        return bytes(data)

    @asynccontextmanager
    async def _asking(self, what: str) -> AsyncIterator[None]:
        """A deadline around; what obstore raises becomes what an operator can act on."""
        try:
            async with asyncio.timeout(self._patience.total_s):
                yield
        except TimeoutError as error:
            words = f"{self._place} did not {what} an artifact in {self._patience.total_s:g} s"
            raise OutsideError(f"{words}: {_LOOK}") from error
        except (BaseError, FileNotFoundError) as error:
            raise self._outside(what, error) from error

    def _outside(self, what: str, error: Exception) -> OutsideError:
        said = str(error)
        if "NoSuchBucket" in said:
            words = f"there is no bucket {self._bucket}: create it, or correct HP_BLOBS"
            return OutsideError(words, retryable=False)
        if isinstance(error, _REFUSED) or " 403 " in said or " 401 " in said:
            words = (
                f"{self._place} does not let us {what} artifacts: look at AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, and that their owner has s3:GetObject, s3:PutObject and "
                f"s3:ListBucket on {self._bucket}"
            )
            return OutsideError(words, retryable=False)
        reason = said.split("\n", 1)[0][:REASON_CHARS_MAX]
        return OutsideError(f"{self._place} did not {what} an artifact: {_LOOK}. {reason}")
