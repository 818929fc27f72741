"""A witness's HTTP: C2SP tlog-witness, and its key for whoever asks.

Plain ASGI: a witness needs nothing of the product, and should start as fast as it answers.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from hyperpersonal_registry.witness.cosigner import NotCosignedError, Witness
from hyperpersonal_registry.witness.request import REQUEST_BYTES_MAX

if TYPE_CHECKING:
    from hyperpersonal_web.asgi import App

SIZE_TYPE = b"text/x.tlog.size"
TEXT = b"text/plain; charset=utf-8"

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Answer = tuple[int, bytes, bytes]


def create_witness_app(witness: Witness) -> "App":
    """The witness as an application of its own."""

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Any) -> None:
        if scope["type"] != "http":
            return
        status, kind, body = await _answer(witness, (scope["method"], scope["path"]), receive)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _answer(witness: Witness, asked: tuple[str, str], receive: Receive) -> Answer:
    if asked == ("GET", "/"):
        return 200, TEXT, f"{witness.public.text}\n".encode()
    if asked != ("POST", "/add-checkpoint"):
        return 404, TEXT, b"a witness has GET / and POST /add-checkpoint\n"
    body = await _body(receive)
    if body is None:
        return 413, TEXT, f"a request has at most {REQUEST_BYTES_MAX} bytes\n".encode()
    try:
        return 200, TEXT, await asyncio.to_thread(witness.add_checkpoint, body)
    except NotCosignedError as error:
        if error.size is not None:
            return error.status, SIZE_TYPE, f"{error.size}\n".encode()
        return error.status, TEXT, f"{error.message}\n".encode()


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when it is too large, or its sender is gone."""
    body, more = b"", True
    while more:
        part = await receive()
        body += part.get("body", b"")
        more = part["type"] == "http.request" and part.get("more_body", False)
        if len(body) > REQUEST_BYTES_MAX or part["type"] != "http.request":
            return None
    return body
