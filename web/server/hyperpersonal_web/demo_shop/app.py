"""The shop over HTTP. An error is `{"code", "message"}`; the message may be told to the shopper."""

import time
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.di import Provide
from litestar.exceptions import HTTPException

from hyperpersonal_web.demo_shop.admin import admin
from hyperpersonal_web.demo_shop.door import Door, ShopSettings
from hyperpersonal_web.demo_shop.endpoints import api
from hyperpersonal_web.demo_shop.faults import FailurePlan, RateLimit
from hyperpersonal_web.demo_shop.rules import ShopRefusalError
from hyperpersonal_web.demo_shop.store import Stores

AnyRequest = Request[Any, Any, Any]


@get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


def create_app(
    stores: Stores, settings: ShopSettings, now: Callable[[], float] = time.monotonic
) -> Door:
    """The service as an ASGI application, over open `stores`; `now` is the rate limit's clock."""
    plan = FailurePlan()
    limit = RateLimit(settings.requests_per_second, settings.burst, now)
    shop = Litestar(
        route_handlers=[health, api, admin],
        dependencies={
            "stores": Provide(lambda: stores, sync_to_thread=False),
            "plan": Provide(lambda: plan, sync_to_thread=False),
            "store": Provide(_store, sync_to_thread=False),
        },
        exception_handlers={
            ShopRefusalError: _refused,
            HTTPException: _bad_request,
            msgspec.MsgspecError: _bad_body,
        },
        openapi_config=None,
        logging_config=None,
    )
    return Door(shop, settings, plan, limit)


def _store(request: AnyRequest) -> str:
    """The store the door let this request into."""
    return str(request.scope["state"]["store"])


def _refused(_: AnyRequest, error: ShopRefusalError) -> Response[dict[str, str]]:
    return Response({"code": error.code, "message": error.message}, status_code=error.status)


def _bad_request(_: AnyRequest, error: HTTPException) -> Response[dict[str, str]]:
    told = {"code": "bad_request", "message": error.detail}
    if isinstance(error.extra, list) and error.extra:
        wrong = [f"{one.get('key', 'body')}: {one['message']}" for one in error.extra]
        told["message"] = "; ".join(wrong)
    return Response(told, status_code=error.status_code)


def _bad_body(_: AnyRequest, error: msgspec.MsgspecError) -> Response[dict[str, str]]:
    return Response({"code": "bad_request", "message": str(error)}, status_code=400)
