"""Lets vendors' official clients speak through the host: a transport for httpx and httpx2.

    client = openai.AsyncOpenAI(http_client=AsyncClient(transport=HostTransport(), trust_env=False))

The client itself is not changed. Each request becomes the host call `http.fetch`; one that asks for
a stream becomes `http.open`, `http.read`…, `http.close`. The host checks the grant, puts the
credential in and takes it out of the answer; no name is resolved and no socket opened here. One
client may serve all calls of a process: a request goes out by the call that makes it.
"""

import asyncio
import importlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar

from hyperpersonal_sdk.authoring import Host, HostCallFailedError
from hyperpersonal_sdk.native.call import CURRENT

READ_BYTES = 64 * 1024
TIMEOUT_MS_MAX = 300_000
OUTSIDE = {"failed", "unavailable"}  # of the world, not of the request: the client may try again

# The host's own, or about a connection that is not ours (RFC 9110, section 7.6.1).
_NOT_SENT = {
    *("host", "content-length", "connection", "transfer-encoding", "te", "trailer", "upgrade"),
    *("keep-alive", "accept-encoding", "expect", "proxy-authorization"),
}
_NOT_TRUE = {"content-encoding", "content-length", "transfer-encoding"}  # the body is text by now

T = TypeVar("T")


def library() -> Any:
    """httpx2 where it is installed, which the vendors' newer clients use; else httpx."""
    try:
        return importlib.import_module("httpx2")
    except ImportError:
        return importlib.import_module("httpx")


_http = library()
_Transport: Any = _http.AsyncBaseTransport
_BlockingTransport: Any = _http.BaseTransport
_Body: Any = _http.AsyncByteStream
_BlockingBody: Any = _http.SyncByteStream


class HostTransport(_Transport):  # type: ignore[misc]
    """For asynchronous clients, in an `async def`.

    Args:
        host: the call's own host; left out, that of whichever call makes the request.
    """

    def __init__(self, host: Any = None) -> None:
        self._host = host

    async def handle_async_request(self, request: Any) -> Any:
        host = self._host or _present_host(blocking=False)
        ask, seconds = _asked(request, await request.aread()), _read_seconds(request)
        name = "http.open" if _wants_stream(request, ask["body"]) else "http.fetch"
        answer = await _within(seconds, host.call(name, **ask), request)
        if name == "http.fetch":
            return _whole(answer)
        stream = _Stream(host, answer.stream, seconds, request)
        return _http.Response(answer.status, headers=_shown(answer), stream=stream)


class BlockingHostTransport(_BlockingTransport):  # type: ignore[misc]
    """For blocking clients, in a `def`."""

    def __init__(self, host: Any = None) -> None:
        self._host = host

    def handle_request(self, request: Any) -> Any:
        host = self._host or _present_host(blocking=True)
        ask = _asked(request, request.read())
        name = "http.open" if _wants_stream(request, ask["body"]) else "http.fetch"
        answer = _translated(lambda: host.call(name, **ask), request)
        if name == "http.fetch":
            return _whole(answer)
        stream = _BlockingStream(host, answer.stream, request)
        return _http.Response(answer.status, headers=_shown(answer), stream=stream)


class _Stream(_Body):  # type: ignore[misc]
    """A body as it arrives; closed on the host's side too."""

    def __init__(self, host: Any, number: Any, seconds: float | None, request: Any) -> None:
        self._host, self._number, self._seconds = host, number, seconds
        self._request = request
        self._open = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._open:
            read = self._host.call("http.read", stream=self._number, bytes_max=READ_BYTES)
            part = await _within(self._seconds, read, self._request, _http.ReadError)
            self._open = not part.done
            if part.body:
                yield part.body.encode()

    async def aclose(self) -> None:
        if self._open:
            self._open = False
            await self._host.call("http.close", stream=self._number)


class _BlockingStream(_BlockingBody):  # type: ignore[misc]
    def __init__(self, host: Any, number: Any, request: Any) -> None:
        self._host, self._number, self._request = host, number, request
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        while self._open:
            part = _translated(
                lambda: self._host.call("http.read", stream=self._number, bytes_max=READ_BYTES),
                self._request,
                _http.ReadError,
            )
            self._open = not part.done
            if part.body:
                yield part.body.encode()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._host.call("http.close", stream=self._number)


def _present_host(*, blocking: bool) -> Any:
    call = CURRENT.get()
    if call is None:
        raise RuntimeError("a request is made outside of any call; make it in a hook")
    return Host(call.ask_blocking if blocking else call.ask, call.log)


def _asked(request: Any, body: bytes) -> dict[str, Any]:
    headers = {k: v for k, v in request.headers.items() if k.lower() not in _NOT_SENT}
    ask: dict[str, Any] = {"url": str(request.url), "method": request.method, "headers": headers}
    seconds = _read_seconds(request)
    if seconds is not None:  # else the host's own limit would end a slow answer
        ask["timeout_ms"] = max(1, min(TIMEOUT_MS_MAX, int(seconds * 1000)))
    return {**ask, "body": body.decode()}


def _wants_stream(request: Any, body: str) -> bool:
    """A request for server-sent events, or one whose JSON says `"stream": true`."""
    if "text/event-stream" in request.headers.get("accept", ""):
        return True
    if '"stream"' not in body:
        return False
    try:
        asked = json.loads(body)
    except ValueError:
        return False
    return isinstance(asked, dict) and asked.get("stream") is True


def _read_seconds(request: Any) -> float | None:
    seconds: float | None = (request.extensions.get("timeout") or {}).get("read")
    return seconds


async def _within(
    seconds: float | None, answer: Awaitable[T], request: Any, kind: Any = _http.ConnectError
) -> T:
    """The host's answer, or the library's own exceptions, which clients understand."""
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError:
        words = f"nothing came within {seconds} s"
        raise _http.ReadTimeout(words, request=request) from None
    except HostCallFailedError as error:
        raise _outside(error, request, kind) from error


def _translated(ask: Callable[[], T], request: Any, kind: Any = _http.ConnectError) -> T:
    try:
        return ask()
    except HostCallFailedError as error:
        raise _outside(error, request, kind) from error


def _outside(error: HostCallFailedError, request: Any, kind: Any) -> Exception:
    if error.kind not in OUTSIDE:
        return error
    failure: Exception = kind(error.message, request=request)
    return failure


def _shown(answer: Any) -> dict[str, str]:
    headers: dict[str, str] = answer.headers.to_json()
    return {name: value for name, value in headers.items() if name.lower() not in _NOT_TRUE}


def _whole(answer: Any) -> Any:
    return _http.Response(answer.status, headers=_shown(answer), content=answer.body.encode())
