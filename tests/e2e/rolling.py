"""A shop with one agent installed, of which there are newer releases, on the running product."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.api import HeldReleases, Lifecycle
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_marketplace.api import Installer
from hyperpersonal_registry.api import FolderBlobs, Registry
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.bench.model_turns import quiet_mind
from hyperpersonal_web.demo.merchant import Merchant as DemoMerchant
from hyperpersonal_web.demo.routes import demo_routes
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.http.rates import unlimited
from hyperpersonal_web.rollouts import watch_rollouts
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.wiring import Market, open_engine, open_gateway, open_ground, open_market
from msgspec import structs

from .conftest import Shop

SAYS = """
from hyperpersonal_sdk import Agent

plugin = Agent()
plugin.reply(lambda turn, host: "{}")
"""
FAILS = """
from hyperpersonal_sdk import Agent

plugin = Agent()


@plugin.reply
def reply(turn, host):
    raise RuntimeError("it fell over")
"""
RELEASES = {"1.0.0": SAYS.format("the old one"), "2.0.0": SAYS.format("the new one"),
            "3.0.0": FAILS}  # fmt: skip
PLAN = {"shadow_turns": 0, "stages": [{"share": 0.5, "margin": 0.3}], "settle_s": 0}
API = "/v1/market/rollouts"


class Merchant(Shop):
    """A shop with one agent installed, of which there are newer releases."""

    async def begin(self, market: Market) -> None:
        publisher = Publisher()
        await market.registry.create_namespace("acme", publisher.public)
        for version, code in RELEASES.items():
            made = artifact(manifest(version=version), hello=code)
            await market.registry.publish(made, publisher.sign(made))
        grants = ("knowledge:read",)
        await market.installer.install(self.tenant_id, "acme/hello", "1.0.0", grants=grants)

    async def post(self, path: str, body: Any = None, key: str = "") -> Any:
        return await self.http.post(path, json=body or {}, headers=self.staff(key))

    async def start(self, version: str, plan: dict[str, Any]) -> dict[str, Any]:
        body = {"plugin_id": "acme/hello", "version": version, "plan": plan}
        answer = await self.post(API, body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def read(self, rollout_id: str) -> dict[str, Any]:
        answer = await self.http.get(f"{API}/{rollout_id}", headers=self.staff())
        return dict(answer.json())

    @property
    def as_demo(self) -> DemoMerchant:
        return DemoMerchant(self.tenant_id, self.channel_key, self.member_key)

    async def ask(self, path: str) -> Any:
        """What a member who may only look gets to see below a rollout."""
        return await self.http.get(f"{API}/{path}", headers=self.staff(self.viewer_key))

    async def talk(self, count: int) -> Counter[str]:
        """New conversations with one message each: what they were told."""
        return Counter(await asyncio.gather(*(self._told() for _ in range(count))))

    async def _told(self) -> str:
        chat = await self.connect((await self.session())["token"])
        try:
            await chat.say("my order")
            while True:
                for event in (await chat.next("events"))["events"]:
                    if event["source"] != "contact" and event["kind"] in ("message", "handoff"):
                        return str(event["text"])
        finally:
            await chat.close()


@asynccontextmanager
async def open_merchant(dsn: str, nats_url: str, folder: Path) -> AsyncIterator[Merchant]:
    """A gateway with sandboxes and jobs in one process, and a shop that has an agent installed."""
    settings = Settings(data_dir=folder, nats_prefix=f"t{secrets.token_hex(6)}")
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, unlimited(settings), Addresses(dsn, nats_url))
        market, mind = open_market(ground), quiet_mind(ground)
        registry = Registry(ground.db, FolderBlobs(folder / "shelf"), ground.clock)
        releases = HeldReleases(registry, ground.clock)
        lifecycle = Lifecycle(releases, ground.bus)
        market = structs.replace(
            market, registry=registry, store=registry, releases=releases, lifecycle=lifecycle,
            installer=Installer(registry, market.installations, lifecycle, market.books),
        )  # fmt: skip
        await open_engine(stack, ground, mind, market)
        gateway = await open_gateway(stack, ground, mind, market)
        await watch_rollouts(stack, ground, market)
        listener, stop = listen("127.0.0.1", 0), asyncio.Event()
        made = Merchant(ground, gateway, listener.getsockname()[1])
        await made.furnish()
        await made.begin(market)
        app = create_app(gateway, demo_routes(made.as_demo))  # the pages find their keys there
        serving = asyncio.create_task(serve(app, listener, stop))
        yield made
        await made.http.aclose()
        stop.set()
        await serving
        await ground.bus.drop_streams()
