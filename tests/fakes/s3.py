"""A server that speaks S3 (moto's), and an unsteady way to it: slow, cut, refused, lying."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from hyperpersonal_registry.s3_blobs import Patience, S3Blobs
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

REGION = "eu-central-1"
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret-of-the-store"}
HEAD_BYTES_MAX = 64 * 1024
PATIENT = Patience(connect_s=60.0, request_s=120.0, total_s=240.0)  # with a busy machine


class S3Server:
    """A real server on loopback. `sdk`: the vendor's own client, which tests look and meddle
    with."""

    def __init__(self) -> None:
        app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator["S3Server"]:
        made = cls()
        made._thread.start()
        made.sdk: Any = boto3.client(  # type: ignore[misc]
            "s3",
            endpoint_url=made.url,
            region_name=REGION,
            config=Config(retries={"total_max_attempts": 1}),
            **KEYS,
        )
        try:
            yield made
        finally:
            made.sdk.close()
            made._server.shutdown()
            made._thread.join()
            made._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """What an operator would set."""
        named = {name.upper(): value for name, value in KEYS.items()}
        return {**named, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": self.url}

    def bucket(self) -> str:
        """A new, empty one."""
        name = f"artifacts-{uuid4().hex}"  # all servers of one process share their buckets
        where = {"LocationConstraint": REGION}
        self.sdk.create_bucket(Bucket=name, CreateBucketConfiguration=where)
        return name

    def blobs(
        self, bucket: str, prefix: str = "", *, url: str = "", patience: Patience | None = None
    ) -> S3Blobs:
        """Our own client of it."""
        config: Any = {
            "endpoint": url or self.url,
            "region": REGION,
            "access_key_id": KEYS["aws_access_key_id"],
            "secret_access_key": KEYS["aws_secret_access_key"],
        }
        return S3Blobs(bucket, prefix, patience=patience or PATIENT, config=config, environ={})


Fault = Callable[["Passing"], Any]


class Passing:
    """One request on its way: what came, and both ends."""

    def __init__(self, head: bytes, body: bytes, writer: asyncio.StreamWriter, port: int) -> None:
        self.head, self.body, self.writer, self.port = head, body, writer, port

    async def answer(self) -> bytes:
        """What the server says to it, to the last byte."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head, _, rest = self.head.partition(b"\r\n")
        kept = [one for one in rest.split(b"\r\n") if not one.lower().startswith(b"connection:")]
        writer.write(b"\r\n".join([head, b"connection: close", *kept]) + self.body)
        try:
            return await reader.read()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def pass_on(self) -> None:
        self.writer.write(await self.answer())


class Unsteady:
    """A way to the server on which the next requests suffer what `faults` says, one each."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.faults: list[Fault] = []
        self.always: Fault | None = None
        self.seen: list[bytes] = []
        self._under_way: set[asyncio.Task[Any]] = set()

    @contextlib.asynccontextmanager
    async def open(self) -> Any:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD_BYTES_MAX)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._suffer(reader, writer)
        finally:
            writer.close()
            self._under_way.discard(task)

    async def _suffer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.seen.append(head.split(b"\r\n", 1)[0])
        fault = self.faults.pop(0) if self.faults else self.always or Passing.pass_on
        if fault is cut_in_the_body:
            await reader.readexactly(_length(head) // 2)
            return
        body = await reader.readexactly(_length(head))
        await fault(Passing(head, body, writer, self._port))
        await writer.drain()


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return int(next((one[15:] for one in lines if one.startswith(b"content-length:")), 0))


def cut_in_the_body(_passing: Passing) -> None:
    """The server dies while it is written to."""


async def cut_after_the_body(passing: Passing) -> None:
    """The server does it, and dies before it can say so."""
    await passing.answer()


async def truncated(passing: Passing) -> None:
    """An answer that ends in the middle of its body."""
    said = await passing.answer()
    head, _, body = said.partition(b"\r\n\r\n")
    passing.writer.write(head + b"\r\n\r\n" + body[: len(body) // 2])


async def silent(passing: Passing) -> None:
    """No answer for longer than anybody waits."""
    await asyncio.sleep(3600)


def says(status: str, code: str) -> Fault:
    """An answer in the store's own words."""

    async def fault(passing: Passing) -> None:
        body = f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/xml\r\nconnection: close\r\n"
        passing.writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)

    return fault
