"""What every request passes before the shop sees it: its token, the rate limit, planned failures.

Plain ASGI, so that a broken connection (`lost`) can be played after the shop has acted.
"""

import asyncio
import hmac
import math
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct

from hyperpersonal_web.demo_shop.faults import FailurePlan, Fault, RateLimit

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]


class ShopSettings(Struct, frozen=True):
    """Tokens and limits of the service."""

    api_token: str
    admin_token: str
    default_store: str = "demo"
    requests_per_second: float = 2000.0
    burst: int = 4000


class Door:
    """Wraps the shop; /health needs no token, /admin its own."""

    def __init__(
        self, app: App, settings: ShopSettings, plan: FailurePlan, limit: RateLimit
    ) -> None:
        self._app = app
        self._settings = settings
        self._plan = plan
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or answer in the shop's place."""
        if scope["type"] != "http" or scope["path"] == "/health":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        is_admin = scope["path"].startswith("/admin/")
        token = self._settings.admin_token if is_admin else self._settings.api_token
        if not hmac.compare_digest(headers.get(b"authorization", b""), f"Bearer {token}".encode()):
            return await _answer(send, 401, "bad_token", "The token is missing or not valid.")
        if is_admin:
            return await self._app(scope, receive, send)
        store = headers.get(b"x-store", b"").decode("latin-1") or self._settings.default_store
        return await self._serve(store, scope, receive, send)

    async def _serve(self, store: str, scope: Scope, receive: Receive, send: Send) -> None:
        if wait_seconds := self._limit.wait(store):
            return await _answer_busy(send, wait_seconds)
        scope.setdefault("state", {})["store"] = store
        fault = self._plan.take(store, scope["path"])
        if fault is None:
            return await self._app(scope, receive, send)
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return await self._app(scope, receive, send)
        if fault.kind == "lost":
            await self._app(scope, receive, _swallow)
        return await _fail(send, fault)


async def _fail(send: Send, fault: Fault) -> None:
    if fault.kind == "limited":
        return await _answer_busy(send, 1.0)
    if fault.kind == "timeout":
        await asyncio.sleep(fault.seconds)
        return await _answer(send, 504, "timeout", "The shop did not answer in time.")
    return await _answer(send, 500, "broken", "The shop is not well. Try again later.")


async def _answer_busy(send: Send, wait_seconds: float) -> None:
    retry_after = (b"retry-after", str(math.ceil(wait_seconds)).encode())
    await _answer(send, 429, "too_many_requests", "The shop is busy. Try again.", retry_after)


async def _answer(
    send: Send, status: int, code: str, message: str, *headers: tuple[bytes, bytes]
) -> None:
    body = msgspec.json.encode({"code": code, "message": message})
    kind = (b"content-type", b"application/json")
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status, "headers": [kind, length, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": body})


async def _swallow(message: Any) -> None:
    """The answer that never arrives."""
