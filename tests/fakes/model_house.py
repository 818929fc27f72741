"""A tenant whose agent asks a language model: the product's own engine and gateway, real plugins.

`python -m fakes.model_house DSN NATS_URL PREFIX FOLDER AHEAD_S` is its engine in a process of its
own, that answers until it is killed; what is installed is in the database by then. Its turns' clock
is so much ahead: leases of those before it have ended, and its own end on no busy machine.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from fakes.models import HERE, KEY, PLUGINS, VENDORS, base_url
from fakes.publishing import Publisher
from fakes.turns import AheadClock
from hyperpersonal_core.api import Handoffs, TurnWorker
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_core.turns.turn import TurnSettings
from hyperpersonal_sdk import hpx
from hyperpersonal_web import wiring
from hyperpersonal_web.bench.crowd import Crowd, gather_crowd
from hyperpersonal_web.bench.model_turns import quiet_mind
from hyperpersonal_web.bench.served import open_served
from hyperpersonal_web.client import ChatConnection
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.wiring import Engine, Ground, Market, open_engine, open_ground, open_market
from msgspec import structs

SETTINGS = TurnSettings(lease_s=60.0, deadline_s=120.0, sweep_every_s=0.3, attempts_max=1_000)
AGENT = b"""
from hyperpersonal_sdk import Agent, HostCallFailedError, Reply
from hyperpersonal_sdk.tool_loop import Tool, run

plugin = Agent()
SCHEMA = {"type": "object", "properties": {"order_id": {"type": "string"}}}
get = lambda host, order_id: host.tool("commerce.orders.get", order_id=order_id)
cancel = lambda host, order_id: host.tool(
    "commerce.orders.cancel", order_id=order_id, reason="no longer needed")
TOOLS = [Tool("get_order", "", SCHEMA, get), Tool("cancel_order", "", SCHEMA, cancel)]


@plugin.reply
def reply(turn, host):
    asked = [{"role": "user", "text": turn.text}]
    try:
        ended = run(host, asked, TOOLS, tokens_max=300, stream=True)
    except HostCallFailedError as error:
        return Reply(f"No model: {error.kind}.", confidence=0.5)
    return Reply(ended.text or "Nothing.", confidence=0.9)
"""
SHOP = b"""
import json
from hyperpersonal_sdk import Connector

plugin = Connector()


@plugin.tool("commerce.orders.get")
def get(host, order_id):
    return {"id": order_id, "status": "processed", "total": {"minor": 12900, "currency": "USD"}}


@plugin.tool("commerce.orders.cancel", write=True)
def cancel(host, order_id, reason, idempotency_key):
    host.call("kv.put", key=idempotency_key, value=json.dumps(order_id))
    host.moved(12900, "USD")
    return {"id": order_id, "status": "cancelled"}
"""
GUARD = b"""
from hyperpersonal_sdk import Guard

plugin = Guard()


@plugin.review
def review(ask, host):
    return "it is a secret" if "secret" in ask.reply.text else None
"""
HEAD = """
id = "acme/{name}"
version = "1.0.0"
kind = "{kind}"
title = "{name}"
description = "For a test."
licence = "MIT"
entry = "{name}_plugin"
hooks = ["{hook}"]
{more}
"""
ASK = '[[capabilities]]\nask = "{}"\nwhy = "For a test."\n'
GRANTS = {
    "agent": ("model:generate<=50k tokens/turn", "tool:commerce.orders.read",
              "tool:commerce.orders.write", "money:refund<=900.00 USD/turn"),
    "shop": ("kv:1MiB",),
    "guard": (),
}  # fmt: skip
PARTS = {
    "agent": ("agent", "reply", '[agent]\nlabels = ["order"]', AGENT),
    "shop": ("connector", "call_tool",
             '[connector]\ntools = ["commerce.orders.get", "commerce.orders.cancel"]', SHOP),
    "guard": ("guard", "review_reply", "", GUARD),
}  # fmt: skip


def artifact(name: str) -> bytes:
    """One of the small plugins, packed."""
    kind, hook, part, source = PARTS[name]
    more = "".join(ASK.format(grant) for grant in GRANTS[name]) + part
    declared = HEAD.format(name=name, kind=kind, hook=hook, more=more)
    return hpx.pack({"plugin.toml": declared.encode(), f"{name}_plugin/__init__.py": source})


async def publish(market: Market) -> None:
    """Everything that may be installed here, through the registry's own door."""
    own, platform = Publisher(1), Publisher(2)
    packed = [(own, artifact(name)) for name in PARTS]
    folders = [PLUGINS / f"model_{vendor}" for vendor in VENDORS]
    packed += [(platform, hpx.pack(hpx.collect(folder))) for folder in folders]
    await market.registry.create_namespace("acme", own.public)
    await market.registry.create_namespace("hyperpersonal", platform.public)
    for publisher, one in packed:
        await market.registry.publish(one, publisher.sign(one))


class House:
    """The running product. `crowd`: its shoppers, each with an open conversation."""

    def __init__(self, ground: Ground, market: Market, crowd: Crowd, port: int) -> None:
        self.ground, self.market, self.crowd = ground, market, crowd
        self.url = f"http://127.0.0.1:{port}"
        self.engine: Engine

    @property
    def tenant_id(self) -> UUID:
        return self.crowd.tenant_id

    async def put(self, name: str) -> UUID:
        install = self.market.installer.install
        return await install(self.tenant_id, f"acme/{name}", grants=GRANTS[name])

    async def put_model(self, vendor: str, port: int, **config: Any) -> UUID:
        prices = {"model-1": {"tokens_in": 3.0, "tokens_out": 15.0}}
        config = {"base_url": base_url(vendor, port), "models": {"strong": "model-1"},
                  "prices": prices, **config}  # fmt: skip
        secrets = {f"http://127.0.0.1:{port}": {"Authorization": f"Bearer {KEY}"}}
        return await self.market.installer.install(
            self.tenant_id, f"hyperpersonal/model_{vendor}",
            grants=(HERE,), config=config, secrets=secrets,
        )  # fmt: skip

    async def chat(self, number: int = 0) -> ChatConnection:
        return await ChatConnection.open(self.url, self.crowd.tokens[number])

    async def turn(self, number: int = 0) -> Any:
        """The row of the newest turn of a conversation."""
        async with self.ground.db.transaction(self.tenant_id) as connection:
            return await connection.fetchrow(
                "select * from turns where conversation_id = $1 order by id desc limit 1",
                self.crowd.conversations[number],
            )

    def handoffs(self) -> Handoffs:
        ground = self.ground
        return Handoffs(ground.db, ground.relay, ground.clock, ground.ids)


@asynccontextmanager
async def open_house(
    places: tuple[str, str], folder: Path, prefix: str, *, shoppers: int = 1, engine: bool = True
) -> AsyncIterator[House]:
    """The product over real servers; `places`: of PostgreSQL and NATS."""
    async with AsyncExitStack() as stack:
        ground = await _ground(stack, places, folder, prefix)
        stack.push_async_callback(ground.bus.drop_streams)
        market = open_market(ground)
        gateway, port = await open_served(stack, ground)
        house = House(ground, market, await gather_crowd(ground, gateway.tokens, shoppers), port)
        await publish(market)
        for name in ("agent", "shop"):
            await house.put(name)
        if engine:
            house.engine = await open_engine(stack, ground, quiet_mind(ground), market)
        yield house


async def _ground(
    stack: AsyncExitStack, places: tuple[str, str], folder: Path, prefix: str
) -> Ground:
    settings = Settings(data_dir=folder, nats_prefix=prefix, private_hosts="127.0.0.1")
    return await open_ground(stack, settings, Addresses(*places))


async def _answer_for_ever(dsn: str, nats_url: str, prefix: str, folder: str, ahead_s: str) -> None:
    """As `open_engine`, but a lost lease is found within a second."""
    log.configure("error")
    clock = AheadClock()
    clock.ahead = timedelta(seconds=float(ahead_s))
    async with AsyncExitStack() as stack:
        ground = await _ground(stack, (dsn, nats_url), Path(folder), prefix)
        mind, market = quiet_mind(ground), open_market(ground)
        running = await wiring._open_host(stack, ground, mind, market)
        services = structs.replace(wiring._services(ground, mind, market, running), clock=clock)
        wiring.background(stack, TurnWorker(services, SETTINGS).run())
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_answer_for_ever(*sys.argv[1:]))
