"""The gateway as one ASGI application: the web framework, and beside it the chat socket."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, cast

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ControllerRouterHandler

from hyperpersonal_web.http import (
    admin,
    bundles,
    chat,
    composing,
    health,
    installed,
    market,
    pages,
    ratings,
    reviews,
    rollouts,
    staff,
)
from hyperpersonal_web.http.auth import contact_of, manager_of, member_of
from hyperpersonal_web.http.limits import FRAME_BYTES_MAX
from hyperpersonal_web.http.problems import answer
from hyperpersonal_web.http.registry_auth import caller_of
from hyperpersonal_web.http.registry_router import registry_router
from hyperpersonal_web.http.socket import ChatSocket
from hyperpersonal_web.wiring import Gateway

SOCKET_PATH = "/v1/chat/socket"
AT_THE_REGISTRY = {"caller": Provide(caller_of), "reporter": Provide(reviews.reporter_of)}
IN_A_SHOP = {
    "contact": Provide(contact_of, sync_to_thread=False),
    "member": Provide(member_of),
    "manager": Provide(manager_of, sync_to_thread=False),
}
"""Who is calling, as the handlers may ask for it by name."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def create_app(gateway: Gateway, extra: Sequence[ControllerRouterHandler] = ()) -> App:
    """The application over open services; `extra` are further routes (the demo's)."""
    web = _web(
        [
            chat.router,
            staff.router,
            admin.router,
            market.router,
            bundles.router,
            composing.router,
            installed.router,
            ratings.router,
            rollouts.router,
            registry_router,
            reviews.router,
            reviews.merchant_router,
            health.health,
            *pages.ROUTES,
            *extra,
        ],
        {name: getattr(gateway, name) for name in gateway.__struct_fields__},
        AT_THE_REGISTRY | IN_A_SHOP,
    )
    socket = ChatSocket(gateway.tokens, gateway.intake, gateway.hub, gateway.rates)

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == SOCKET_PATH:
            await socket(scope, receive, send)
        else:
            await web(scope, receive, send)  # type: ignore[arg-type]

    return route


def create_registry_app(services: Mapping[str, Any]) -> App:
    """The registry alone: no tenants, no shoppers."""
    routes: list[ControllerRouterHandler] = [
        registry_router, reviews.router, health.health, pages.review_page, pages.asset,
    ]  # fmt: skip
    return cast("App", _web(routes, services, AT_THE_REGISTRY))


def _web(
    routes: Sequence[ControllerRouterHandler],
    services: Mapping[str, Any],
    callers: Mapping[str, Provide],
) -> Litestar:
    return Litestar(
        route_handlers=routes,
        dependencies={**{name: _constant(value) for name, value in services.items()}, **callers},
        exception_handlers={Exception: answer},
        request_max_body_size=FRAME_BYTES_MAX,
        openapi_config=OpenAPIConfig(
            title="HyperPersonal",
            version="1",
            path="/schema",
            render_plugins=[JsonRenderPlugin()],  # the pages of others load scripts from elsewhere
        ),
        logging_config=None,
    )


def _constant(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)
