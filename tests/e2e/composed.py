"""A shop without sandboxes (releases are installed untried), and a market to compose bundles of."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from fakes.bundles import agent, connector, listing, text
from fakes.publishing import Publisher
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.bundle_pack import files_of
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.http.rates import unlimited
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.wiring import open_gateway, open_ground, open_market, open_understanding

from .conftest import Shop

API = "/v1/market/bundles"
CONFIG = """
[config]
type = "object"
required = ["shop_name"]
[config.properties.shop_name]
type = "string"
title = "Your shop's name"
"""
GIFTS = CONFIG + listing("19.00 USD")


class Composing(Shop):
    """Two agents, of which one costs and is to be set up, a connector, and a published bundle."""

    async def stock(self, folder: Path) -> None:
        self.publisher = Publisher()
        await self.gateway.registry.create_namespace("acme", self.publisher.public)
        for made in (
            _titled(agent("acme/orders", asks=("tool:commerce.orders.read",)), "Orders"),
            _titled(agent("acme/gifts", label="gifts", optional=("kv:1MiB",), more=GIFTS), "Gifts"),
            connector("acme/store"),
        ):
            await self.publish(made)
        (folder / "bundle.toml").write_text(text("acme/orders", "acme/gifts"))
        await self.publish(hpx.pack(files_of(folder / "bundle.toml")))
        await self.gateway.catalogue.follow()
        await self.gateway.installer.install(
            self.tenant_id, "acme/store", grants=(), in_service=True
        )
        orders = ("tool:commerce.orders.read",)
        await self.gateway.installer.install(self.tenant_id, "acme/orders", grants=orders)

    async def publish(self, artifact: bytes) -> None:
        await self.gateway.registry.publish(artifact, self.publisher.sign(artifact))

    async def ask(self, path: str, body: Any = None, key: str = "") -> Any:
        """GET, or POST of a body."""
        if body is None:
            return await self.http.get(API + path, headers=self.staff(key))
        return await self.http.post(API + path, json=body, headers=self.staff(key))


@asynccontextmanager
async def open_composing(dsn: str, nats_url: str, folder: Path) -> AsyncIterator[Composing]:
    """The shop on a real port."""
    settings = Settings(data_dir=folder, nats_prefix=f"t{secrets.token_hex(6)}")
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, unlimited(settings), Addresses(dsn, nats_url))
        mind, market = open_understanding(ground), open_market(ground)
        gateway = await open_gateway(stack, ground, mind, market)
        listener, stop = listen("127.0.0.1", 0), asyncio.Event()
        made = Composing(ground, gateway, listener.getsockname()[1])
        serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
        await made.furnish()
        await made.stock(folder)
        yield made
        await made.http.aclose()
        stop.set()
        await serving
        await ground.bus.drop_streams()


def _titled(archive: bytes, title: str) -> bytes:
    files = dict(hpx.unpack(archive).files)
    files["plugin.toml"] = files["plugin.toml"].replace(b'"Hello"', f'"{title}"'.encode())
    return hpx.pack(files)
