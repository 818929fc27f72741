"""From an author's folder to the sandbox: packed, signed, published, installed, verified, run."""

import asyncio

import msgspec
from hyperpersonal_runtime.api import CallScope
from hyperpersonal_runtime.testing import SandboxServer, World
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.cli import TEMPLATE

from .conftest import Market

ASK = {"text": "Where is #W1234567?"}
SHOP = World(tools={"commerce.orders.get": {"id": "#W1234567", "status": "delivered"}})


async def test_that_the_bytes_that_were_signed_are_the_ones_that_run(
    market: Market, sandbox_server: SandboxServer
) -> None:
    files = {**hpx.collect(TEMPLATE.parent / "shared"), **hpx.collect(TEMPLATE)}
    await market.publish(hpx.pack(files))
    offer = await market.installer.offer("acme/order_status")
    grants = [permission.capability for permission in offer.permissions]
    installed = await market.installer.install(market.tenant_id, offer.plugin_id, grants=grants)

    bundle = await market.installations.bundle(market.tenant_id)
    agent = bundle.installations[installed]
    release = await market.registry.load(agent.digest)
    assert release.files == files

    scope = CallScope(str(market.tenant_id), str(installed), "turn", "conversation", "contact")
    call = agent.call(release, "reply", b"{}", scope, 60_000)
    result = await asyncio.to_thread(sandbox_server.call, call, "reply", ASK, SHOP)
    assert result.outcome == "ok", result.detail
    assert msgspec.json.decode(result.value)["text"] == "Order #W1234567 is delivered."

    ungranted = msgspec.structs.replace(call, grants=())
    result = await asyncio.to_thread(sandbox_server.call, ungranted, "reply", ASK, SHOP)
    assert result.outcome != "ok"
    assert "tool:commerce.orders.read" in result.detail
