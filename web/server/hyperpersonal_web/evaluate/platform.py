"""The whole product in this process for an evaluation, on services and a shop of its own.

Nothing is short-cut: a message goes through the web chat's intake onto the timeline, over the bus
to the turn worker, into sandboxed agents with granted tools, and the answer is read from the
timeline by the gateway's hub.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

from hyperpersonal_core.api import Channels, MiniLm, NewChannel, Tenants, Understanding
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.hooks import open_hooks
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import Release
from msgspec import Struct

from hyperpersonal_web.demo.ceremony import reviewer_keys
from hyperpersonal_web.demo.plugins import CONNECTOR, install_all, publish_all, publisher_key
from hyperpersonal_web.demo.shop_process import ShopProcess, near_shop
from hyperpersonal_web.demo_shop.admin_client import ShopAdmin
from hyperpersonal_web.demo_shop.model import Records
from hyperpersonal_web.embedded.services import Addresses, Services
from hyperpersonal_web.evaluate.cpu import CpuMeter
from hyperpersonal_web.evaluate.slot import DATASET, Slot, Tables
from hyperpersonal_web.evaluate.vectors import LearntVectors
from hyperpersonal_web.http.rates import unlimited
from hyperpersonal_web.schema import bring_up_schema
from hyperpersonal_web.wiring import (
    Gateway,
    Ground,
    Market,
    open_engine,
    open_gateway,
    open_ground,
    open_market,
    warm,
)

FOLDER = "eval"
VECTORS = "cache/eval/vectors.npz"


class Props:
    """Servers and the shop, started from the main thread; their data are thrown away at the end.

    Services the settings name are used as they are: then the evaluation's tenants stay there.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = unlimited(near_shop(settings))  # one contact says much in no time
        (settings.data_dir / FOLDER).mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(dir=settings.data_dir / FOLDER))
        named = {"database_url": settings.database_url, "nats_url": settings.nats_url}
        self._services = Services(self.folder, **named)
        self.addresses: Addresses
        self.shop: ShopProcess | None = None

    def start(self, *, shop: bool) -> None:
        """Ready but for the shop, which still starts, when it returns.

        Raises:
            RuntimeError: a server did not start.
        """
        self.addresses = self._services.start()
        if shop:
            today = SystemClock().now().date()
            self.shop = ShopProcess(self.folder, self.addresses.database_url, today).start()
        bring_up_schema(self.addresses.database_url)

    def stop(self) -> None:
        """Stop all and remove the folder."""
        if self.shop:
            self.shop.stop()
        self._services.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Product(Struct, frozen=True):
    """Memory and routing as they run everywhere, with what evaluation adds: `vectors`."""

    props: Props
    ground: Ground
    mind: Understanding
    tenants: Tenants
    vectors: LearntVectors


@asynccontextmanager
async def open_product(props: Props) -> AsyncIterator[Product]:
    """Connect to the services and put memory and routing together."""
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, props.settings, props.addresses)
        vectors = LearntVectors(MiniLm(), props.settings.data_dir / VECTORS)
        mind = Understanding.build(ground.db, ground.clock, ground.ids, hooks=open_hooks(vectors))
        yield Product(props, ground, mind, Tenants(ground.db, ground.clock, ground.ids), vectors)


class Fair:
    """Many merchants beside each other, each with the same plugins and a store of its own."""

    def __init__(
        self, product: Product, market: Market, gateway: Gateway, releases: list[Release]
    ) -> None:
        assert product.props.shop is not None, "started with a shop"
        self._product = product
        self._market = market
        self._gateway = gateway
        self._releases = releases
        self._process = product.props.shop
        self._admin = ShopAdmin(self._process.url, self._process.keys.admin_token)
        self.cpu = CpuMeter(without=self._process.pid)

    async def load(self, records: Records) -> None:
        """What every store begins with."""
        await asyncio.to_thread(self._process.wait)
        await self._admin.load(DATASET, records)

    async def slot(self, tenant_id: UUID) -> Slot:
        """Give a tenant the plugins, a store and a chat; warmed, so its first turn is like others.

        Args:
            tenant_id: one that knows its articles and history already.
        """
        store = f"eval_{tenant_id.hex[-12:]}"
        shop = (self._process.url, self._process.keys.token)
        await install_all(self._market, tenant_id, self._releases, shop)
        for one in await self._market.installations.list(tenant_id):
            if one.plugin_id == CONNECTOR:
                config = {"base_url": self._process.url, "store": store}
                await self._market.installer.configure(tenant_id, one.id, config)
        await warm(self._product.mind, self._market, tenant_id)
        ground = self._product.ground
        channels = Channels(ground.db, ground.clock, ground.ids)
        key = await channels.create_channel(tenant_id, NewChannel("Web chat"))
        return Slot(self._gateway, Tables(self._admin, store), key)

    async def close(self) -> None:
        """Hang up on the shop."""
        await self._admin.__aexit__(None, None, None)


@asynccontextmanager
async def open_fair(product: Product) -> AsyncIterator[Fair]:
    """Turn worker, sandboxes and gateway, with the first-party plugins published."""
    async with AsyncExitStack() as stack:
        props, ground, mind = product.props, product.ground, product.mind
        market = open_market(ground)
        keys = publisher_key(props.folder / "publisher.key"), reviewer_keys(props.settings)
        releases = await publish_all(market.registry, *keys)
        await open_engine(stack, ground, mind, market)
        gateway = await open_gateway(stack, ground, mind)
        fair = Fair(product, market, gateway, releases)
        stack.push_async_callback(fair.close)
        yield fair
