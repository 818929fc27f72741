"""A merchant rolls a release out: over HTTP, by command, on the running product."""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.api import HeldReleases, Lifecycle
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_marketplace.api import Installer
from hyperpersonal_registry.api import FolderBlobs, Registry
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.bench.model_turns import quiet_mind
from hyperpersonal_web.cli.rollout import rollout
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

    async def talk(self, count: int) -> Counter[str]:
        """New conversations with one message each: what they were told."""
        return Counter(await asyncio.gather(*(self._told() for _ in range(count))))

    async def _told(self) -> str:
        chat = await self.connect((await self.session())["token"])
        try:
            await chat.say("my order")
            while True:
                for event in (await chat.next("events", seconds=30))["events"]:
                    if event["source"] != "contact" and event["kind"] in ("message", "handoff"):
                        return str(event["text"])
        finally:
            await chat.close()


@pytest.fixture
async def merchant(dsn: str, nats_url: str, folder: Path) -> AsyncIterator[Merchant]:
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
        serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
        await made.furnish()
        await made.begin(market)
        yield made
        await made.http.aclose()
        stop.set()
        await serving
        await ground.bus.drop_streams()


async def _until(merchant: Merchant, rollout_id: str, states: set[str], talk: int = 0) -> Any:
    async with asyncio.timeout(60):
        while (found := await merchant.read(rollout_id))["rollout"]["state"] not in states:
            await merchant.talk(talk)
            await asyncio.sleep(0.3)
    return found


@pytest.mark.timeout(180)
async def test_that_a_broken_release_is_undone_by_itself_and_the_merchant_sees_why(
    merchant: Merchant,
) -> None:
    one = await merchant.start("3.0.0", PLAN)
    assert (one["state"], one["share"]) == ("canary", 0.5)
    await asyncio.sleep(2.1)  # a share holds from a little later on
    found = await _until(merchant, one["id"], {"rolled_back"}, talk=8)
    assert found["rollout"]["reason"].startswith("worse than 1.0.0 in errors")
    assert found["candidate"]["means"]["errors"] == 1.0
    assert [line["kind"] for line in found["history"]] == ["started", "raised", "rolled_back"]
    assert found["history"][0]["member_id"] is not None
    assert found["history"][-1]["member_id"] is None, "the evidence decided"
    assert await merchant.talk(6) == {"the old one": 6}


@pytest.mark.timeout(180)
async def test_that_a_good_release_goes_from_the_shadow_to_everybody_by_itself(
    merchant: Merchant,
) -> None:
    plan = PLAN | {"shadow_turns": 3, "shadow_share": 1.0}
    one = await merchant.start("2.0.0", plan)
    assert (one["state"], one["share"]) == ("shadow", 0.0)
    assert await merchant.talk(4) == {"the old one": 4}
    shadow = (await _until(merchant, one["id"], {"canary"}))["shadow"]
    assert (shadow["turns"], shadow["same_reply"], shadow["same_actions"]) == (3, 0, 3)
    await asyncio.sleep(2.1)
    assert set(await merchant.talk(12)) == {"the old one", "the new one"}
    await _until(merchant, one["id"], {"promoted"}, talk=8)
    assert await merchant.talk(4) == {"the new one": 4}


@pytest.mark.timeout(180)
async def test_that_a_candidate_that_is_taken_from_everybody_is_rolled_out_no_further(
    merchant: Merchant,
) -> None:
    one = await merchant.start("2.0.0", PLAN)
    await merchant.gateway.registry.revoke("acme/hello", "2.0.0", "it leaks")
    found = await _until(merchant, one["id"], {"stopped"})
    assert "was revoked: it leaks" in found["rollout"]["reason"]
    assert await merchant.talk(4) == {"the old one": 4}


@pytest.mark.timeout(180)
async def test_that_members_start_follow_and_end_rollouts_by_command(merchant: Merchant) -> None:
    def hp(*words: str, code: int = 0) -> str:
        ran = CliRunner().invoke(
            rollout, [*words, "--url", merchant.url, "--key", merchant.member_key]
        )
        assert ran.exit_code == code, ran.output
        return ran.output

    async def run(*words: str, code: int = 0) -> str:
        return await asyncio.to_thread(hp, *words, code=code)

    assert "there is none" in await run("status")
    assert "has no rollout" in await run("stop", "acme/hello", code=1)
    said = await run("start", "acme/hello", "2.0.0", "--canary", "--stage", "0.9:0.01")
    assert "acme/hello 1.0.0 -> 2.0.0  canary, 90% of new conversations" in said
    assert "runs already" in await run("start", "acme/hello", "3.0.0", code=1)
    assert "SHARE:MARGIN" in await run("start", "acme/hello", "--stage", "x", code=2)
    assert "raised: 90% of new conversations" in await run("status", "acme/hello")
    told = json.loads(await run("promote", "acme/hello", "--json"))
    assert told["state"] == "promoted"
    assert await merchant.talk(2) == {"the new one": 2}
    assert "has ended: promoted" in await run("stop", "acme/hello", code=1)
    shadow = json.loads(await run("start", "acme/hello", "1.0.0", "--shadow", "--json"))
    assert (shadow["state"], shadow["plan"]["stages"]) == ("shadow", [])
    assert "stopped" in await run("stop", str(shadow["id"]))


async def test_that_only_managers_of_the_shop_change_anything(merchant: Merchant) -> None:
    body = {"plugin_id": "acme/hello", "version": "2.0.0"}
    assert (await merchant.post(API, body, merchant.viewer_key)).status_code == 403
    assert (await merchant.http.post(API, json=body)).status_code == 401
    assert (await merchant.post(API, body | {"plugin_id": "acme/nothing"})).status_code == 404
    assert (await merchant.post(API, body | {"version": "9.9.9"})).status_code == 404
    assert (await merchant.post(API, body | {"plan": {"level": 0.9}})).status_code == 400
    one = await merchant.start("2.0.0", PLAN)
    stop = f"{API}/{one['id']}/stop"
    assert (await merchant.post(stop, key=merchant.viewer_key)).status_code == 403
    assert (await merchant.post(f"{API}/rol_nothing/stop")).status_code == 404
    listed = await merchant.http.get(API, headers=merchant.staff(merchant.viewer_key))
    assert [item["id"] for item in listed.json()["items"]] == [one["id"]]
    assert (await merchant.post(stop)).status_code == 200
