"""Brings the whole demo up, in parallel where it can, and takes it down again.

The slow part of a first start, building the Python guest, runs in processes of its own while the
schema, the shop and the merchant come up.
"""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_runtime.api import ensure_guest

from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.demo.ceremony import ensure_ceremony, reviewer_keys
from hyperpersonal_web.demo.merchant import Merchant, furnish, import_policy
from hyperpersonal_web.demo.model import DemoModel, install_model
from hyperpersonal_web.demo.plugins import install_all, publish_all, publisher_key
from hyperpersonal_web.demo.routes import demo_routes
from hyperpersonal_web.demo.shop_process import ShopProcess, near_shop
from hyperpersonal_web.development.door import open_door
from hyperpersonal_web.development.releases import DevelopmentReleases
from hyperpersonal_web.development.routes import development_routes
from hyperpersonal_web.embedded.services import Addresses, Services
from hyperpersonal_web.heap import settle_heap
from hyperpersonal_web.schema import bring_up_schema
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.wiring import (
    GUEST_CACHE,
    Engine,
    Ground,
    open_engine,
    open_gateway,
    open_ground,
    open_jobs,
    open_market,
    open_understanding,
    warm,
)

Progress = Callable[[str, float], None]

DEMO_FOLDER = "demo"
ADDRESS_FILE = "address"  # where the demo that runs now is reached: for commands beside it
GUEST_POLL_S = 0.05


class Stage(msgspec.Struct, frozen=True):
    """The running demo."""

    url: str
    merchant: Merchant
    shop: ShopProcess
    ground: Ground
    engine: Engine


class Props:
    """What is started from the main thread before the event loop: servers, schema, shop, guest.

    Args:
        settings: the process's.
        progress: told (step, fraction).
        throwaway: a name, to begin with empty servers of that name (measurements); the demo's
            own stay as they are.
        model: the language model the demo has; None: it has none.
    """

    def __init__(
        self,
        settings: Settings,
        progress: Progress,
        throwaway: str = "",
        model: DemoModel | None = None,
    ) -> None:
        self.model = model
        self.settings = near_shop(settings)
        self.folder = settings.data_dir / (throwaway or DEMO_FOLDER)
        self._progress = progress
        self._throwaway = bool(throwaway)
        self._forget()
        self._services = Services(
            self.folder if throwaway else settings.data_dir,
            database_url=settings.database_url,
            nats_url=settings.nats_url,
        )
        self._guest = threading.Thread(target=self._build_guest, daemon=True)
        self._guest_fault: Exception | None = None
        self.addresses: Addresses
        self.shop: ShopProcess

    def start(self) -> None:
        """Everything but the guest is ready when it returns.

        Raises:
            RuntimeError: another demo runs in this data folder, or something did not start.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._progress("PostgreSQL and NATS", 0.1)
        self.addresses = self._services.start()
        if not (self._services.owned or self.settings.database_url):
            raise RuntimeError(f"another process runs in {self.settings.data_dir}; stop it first")
        (self.folder / ADDRESS_FILE).unlink(missing_ok=True)  # of one that was killed
        today = SystemClock().now().date()
        self.shop = ShopProcess(self.folder, self.addresses.database_url, today).start()
        self._guest.start()  # after the last fork: forking beside threads is not safe
        self._progress("PostgreSQL and NATS", 1.0)
        self._progress("schema", 0.1)
        bring_up_schema(self.addresses.database_url)
        ensure_ceremony(self.settings, self.addresses.database_url)
        self._progress("schema", 1.0)

    async def guest(self) -> None:
        """Wait for the guest. Raises what its build raised.

        Asks now and then: a thread that joined it could not be cancelled by a Ctrl-C.
        """
        while self._guest.is_alive():  # noqa: ASYNC110 - it began before there was a loop
            await asyncio.sleep(GUEST_POLL_S)
        if self._guest_fault:
            raise self._guest_fault
        self._progress("Python sandbox", 1.0)

    def stop(self) -> None:
        """Stop what was started; the data stays, but for throwaway servers."""
        if hasattr(self, "shop"):
            self.shop.stop()
        self._services.stop()
        self._forget()

    def _forget(self) -> None:
        if self._throwaway:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _build_guest(self) -> None:
        cache = self.settings.data_dir / GUEST_CACHE
        try:
            ensure_guest(cache, lambda _, fraction: self._progress("Python sandbox", fraction))
        except Exception as error:
            self._guest_fault = error


@asynccontextmanager
async def open_stage(props: Props, progress: Progress) -> AsyncIterator[Stage]:
    """Furnish the merchant, publish and install the plugins, and serve the page."""
    async with AsyncExitStack() as stack:
        settings = props.settings
        ground = await open_ground(stack, settings, props.addresses)
        mind, market = open_understanding(ground), open_market(ground, DevelopmentReleases)
        merchant = await furnish(ground, props.folder)
        policy = asyncio.create_task(import_policy(mind.knowledge, merchant.tenant_id))
        progress("plugins: pack, sign, publish, install", 0.1)
        key = publisher_key(props.folder / "publisher.key")
        releases = await publish_all(market.registry, key, reviewer_keys(settings))
        shop = (props.shop.url, props.shop.keys.token)
        await install_all(market, merchant.tenant_id, releases, shop)
        await install_model(market, merchant.tenant_id, releases, props.model)
        progress("plugins: pack, sign, publish, install", 1.0)
        progress("policy articles", 0.3)
        await policy
        progress("policy articles", 1.0)
        warming = asyncio.create_task(warm(mind, market, merchant.tenant_id))
        await asyncio.to_thread(props.shop.wait)
        await props.guest()
        progress("agents", 0.3)
        engine = await open_engine(stack, ground, mind, market)
        gateway = await open_gateway(stack, ground, mind, market)
        await open_jobs(stack, ground, mind, props.addresses, market)
        await warming
        progress("agents", 1.0)
        listener = listen(settings.host, settings.port)
        stop = asyncio.Event()
        door = await open_door(market, merchant.tenant_id, props.folder)
        app = create_app(gateway, [*demo_routes(merchant), *development_routes(door)])
        serving = asyncio.create_task(serve(app, listener, stop))
        host, port = listener.getsockname()[:2]
        settle_heap()
        address = props.folder / ADDRESS_FILE
        address.write_text(f"http://{host}:{port}\n")
        try:
            yield Stage(f"http://{host}:{port}", merchant, props.shop, ground, engine)
        finally:
            address.unlink(missing_ok=True)
            stop.set()
            await serving
