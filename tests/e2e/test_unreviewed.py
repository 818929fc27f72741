"""A private plugin in a shop whose host believes the registry's metadata: what the shop is told
before it installs, and what it must say."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from fakes.browser import open_browser, open_page, violations
from fakes.full_registry import HOLDERS, REVIEWERS, raw
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_registry.api import Verdict, house, naming
from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.cli.market import market as command
from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.market import open_market
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.trusting import hold_ceremony
from hyperpersonal_web.wiring import open_gateway, open_ground, open_understanding
from playwright.async_api import expect

from .conftest import Shop

PLUGIN = "acme/hello"


@pytest.fixture
async def shop(db: Database, dsn: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """A gateway without sandboxes, which pinned its registry's root: nothing is tried, all is
    verified."""
    settings = Settings(data_dir=tmp_path, nats_prefix=f"t{secrets.token_hex(6)}")
    await hold_ceremony(settings, db, HOLDERS, 2)
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, settings, Addresses(dsn, nats_url))
        mind, market = open_understanding(ground), open_market(ground)
        gateway = await open_gateway(stack, ground, mind, market)
        listener = listen("127.0.0.1", 0)
        made = Shop(ground, gateway, listener.getsockname()[1])
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
        await made.furnish()
        await gateway.registry.people.add(raw(REVIEWERS[0]), "Ada", "reviewer")
        assert not await naming.hold(gateway.registry, HOLDERS)
        await gateway.registry.create_namespace("acme", Publisher(1).public)
        yield made
        await made.http.aclose()
        stop.set()
        await serving
        await ground.bus.drop_streams()


async def publish(shop: Shop, version: str, *, private: bool) -> None:
    """A release, reviewed or for this shop alone."""
    registry, packed = shop.gateway.registry, artifact(manifest(PLUGIN, version))
    if private:
        visibilities = shop.gateway.visibilities
        await visibilities.set(PLUGIN, "private", [shop.tenant_id])
    passed = [Verdict(name, "PASS") for name in registry.ground.policy.checks]
    people = () if private else REVIEWERS[:1]
    found = await house.publish(registry, packed, Publisher(1).key, people, lambda _: passed)
    assert found.state == "published", found.why
    await shop.gateway.catalogue.follow()


async def hp(shop: Shop, *words: str) -> Result:
    env = {"HP_URL": shop.url, "HP_KEY": shop.member_key}
    return await asyncio.to_thread(CliRunner().invoke, command, list(words), env=env)


async def installed(shop: Shop) -> list[dict[str, Any]]:
    done = await hp(shop, "installed", "--json")
    assert done.exit_code == 0, done.output
    items: list[dict[str, Any]] = msgspec.json.decode(done.output)["items"]
    return items


async def test_that_a_shop_says_that_it_knows(shop: Shop) -> None:
    await publish(shop, "1.0.0", private=True)
    refused = await hp(shop, "install", PLUGIN, "--yes")
    assert refused.exit_code == 2
    assert "nobody but its publisher has read" in " ".join(refused.output.split())
    assert "--accept-unreviewed" in refused.output
    body = {"plugin_id": PLUGIN, "version": "1.0.0", "grants": ["knowledge:read"]}
    told = await shop.http.post("/v1/market/installed", json=body, headers=shop.staff())
    assert told.status_code >= 400, "the page's tick is asked for on the server"
    assert told.json()["facts"]["reason"] == "unreviewed"
    assert await installed(shop) == []
    done = await hp(shop, "install", PLUGIN, "--yes", "--accept-unreviewed")
    assert done.exit_code == 0, done.output
    (one,) = await installed(shop)
    assert (one["version"], one["unreviewed"]) == ("1.0.0", True)
    assert f"{PLUGIN} (unreviewed)" in (await hp(shop, "installed")).output


async def test_that_reviewed_code_stays_until_somebody_says_otherwise(shop: Shop) -> None:
    await publish(shop, "1.0.0", private=False)
    assert (await hp(shop, "install", PLUGIN, "--yes")).exit_code == 0
    await publish(shop, "1.1.0", private=True)
    refused = await hp(shop, "update", PLUGIN)
    assert refused.exit_code != 0
    assert "no reviewer stands for" in refused.output
    (one,) = await installed(shop)
    assert (one["version"], one["unreviewed"]) == ("1.0.0", False)
    done = await hp(shop, "update", PLUGIN, "--accept-unreviewed")
    assert done.exit_code == 0, done.output
    (one,) = await installed(shop)
    assert (one["version"], one["unreviewed"]) == ("1.1.0", True)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_that_the_consent_screen_asks_for_one_tick_more(shop: Shop) -> None:
    await publish(shop, "1.0.0", private=True)
    async with open_browser() as browser, open_page(browser, shop.url) as page:
        await page.add_init_script(f"sessionStorage.setItem('hp:member', '{shop.member_key}')")
        await page.goto(f"/market#/install/{PLUGIN}")
        await expect(page.get_by_text("Nobody reviewed this code")).to_be_visible()
        assert await violations(page) == []
        go = page.get_by_role("button", name="Give these and install")
        await go.click()
        assert await installed(shop) == [], "a form without the tick is not sent"
        await page.get_by_label("I accept that").check()
        await go.click()
        await expect(page.get_by_role("status").filter(has_text="is installed")).to_be_visible()
    (one,) = await installed(shop)
    assert one["unreviewed"]
