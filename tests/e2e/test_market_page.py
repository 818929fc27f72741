"""A merchant's whole life with a plugin in the browser: from finding it to removing it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from fakes.browser import is_wider_than_window, open_browser, open_page, shoot, violations
from fakes.metered import use
from fakes.publishing import Publisher
from hyperpersonal_core.api import ReceiptKeys
from hyperpersonal_sdk.registry_client import RegistryClient
from playwright.async_api import Browser, Page, expect

from .conftest import Shop
from .test_market_life import KV, ORDERS, REFUND, TONED, install, publish, shop  # noqa: F401 - a fixture


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as made:
        yield made


async def at(page: Page, name: str) -> None:
    """What is shown now keeps the rules and fits a phone."""
    await shoot(page, name)
    assert await violations(page) == []
    await page.set_viewport_size({"width": 390, "height": 844})
    assert not await is_wider_than_window(page), name
    await shoot(page, f"{name}-phone")
    await page.set_viewport_size({"width": 1280, "height": 900})


async def used(shop: Shop, folder: Path) -> None:  # noqa: F811
    now, keys = shop.ground.clock.now(), ReceiptKeys(folder / "receipt.keys")
    for day in range(3):
        await use(shop.ground.db, keys, shop.tenant_id, "acme/hello", now - timedelta(days=day), 7)
    await shop.gateway.uses.count_all()


@pytest.mark.timeout(600)
async def test_that_a_merchant_lives_with_a_plugin_in_the_browser(
    browser: Browser, shop: Shop, tmp_path: Path  # noqa: F811 - the fixture
) -> None:  # fmt: skip
    await publish(shop, "1.0.0", ORDERS, optional=(KV,))
    async with open_page(browser, shop.url) as page:
        page.on("dialog", lambda dialog: asyncio.create_task(dialog.accept()))
        await page.add_init_script(f"sessionStorage.setItem('hp:member', '{shop.member_key}')")
        said, alert = page.locator("#told"), page.get_by_role("alert")
        await page.goto("/market")
        await page.get_by_label("What should it do?").fill("greets")
        await page.get_by_role("link", name="Hello").click()
        await page.get_by_role("link", name="Install…").click()
        await at(page, "walk-consent")
        await page.get_by_role("button", name="Give these and install").click()
        await expect(page.get_by_label("greeting")).to_be_focused()  # it is needed
        await page.get_by_label("greeting").fill("Hi")
        await page.get_by_role("button", name="Give these and install").click()
        await expect(said).to_have_text("Hello is installed")
        await expect(page.get_by_role("button", name="Switch off")).to_be_visible()
        await expect(page.get_by_role("button", name="Back to")).to_have_count(0)
        await page.get_by_label("greeting").fill("Good day")
        await page.get_by_role("button", name="Set up so").click()
        await expect(said).to_have_text("Set up")

        await publish(shop, "1.1.0", ORDERS, REFUND)
        await page.get_by_label("Pinned").check()
        await page.get_by_role("button", name="Follow so").click()
        await expect(said).to_have_text("Kept")
        await expect(page.get_by_text("It is pinned")).to_be_visible()
        await expect(page.get_by_role("button", name="Update to 1.1.0")).to_have_count(0)
        await at(page, "walk-pinned")
        await page.get_by_label("By hand").check()
        await page.get_by_role("button", name="Follow so").click()
        await expect(page.get_by_text("It asks for: Give back up to 5.00 USD")).to_be_visible()
        await page.get_by_role("button", name="Update to 1.1.0").click()
        await expect(page.get_by_text("It runs without, until you decide")).to_be_visible()
        await at(page, "walk-wider")
        await page.get_by_label("Give back up to 5.00 USD").check()
        await page.get_by_role("button", name="Give what is ticked").click()
        await expect(said).to_have_text("Decided")
        await page.get_by_role("button", name="Back to 1.0.0").click()
        await expect(said).to_have_text("Back at 1.0.0")
        await expect(page.get_by_label("greeting")).to_have_value("Good day")

        await page.goto("/market#/plugins/acme/hello")
        await page.get_by_label("4", exact=True).check()
        await page.get_by_label("In words").fill("Helps.")
        await page.get_by_role("button", name="Rate it").click()
        await expect(alert).to_contain_text("20 calls of your shop on 3 days")
        await used(shop, tmp_path)
        await page.get_by_role("button", name="Rate it").click()
        await expect(said).to_have_text("Thank you")
        await answered(page, shop)
        await at(page, "walk-rated")

        await page.goto("/market#/installed/acme/hello")
        await page.get_by_role("button", name="Remove, keep its data").click()
        await expect(page.get_by_text("Nothing is installed")).to_be_visible()
        await expect(said).to_contain_text("its data come back with an install before")


async def answered(page: Page, shop: Shop) -> None:  # noqa: F811
    """Its publisher answers on the page, with a token; a wrong one is refused."""
    with RegistryClient(shop.url) as client:  # `hp plugin login --print-token`
        token = (await asyncio.to_thread(client.login, Publisher().key)).token
    await page.get_by_text("Its publisher, or a moderator?").click()
    await page.get_by_label("Your answer, or why it is hidden").fill("Thank you.")
    for given, told in (("wrong", page.get_by_role("alert")), (token, page.locator("#told"))):
        await page.get_by_label("Token").fill(given)
        await page.get_by_role("button", name="Answer").click()
        await expect(told).not_to_be_empty()
    await expect(page.get_by_text("Its publisher: Thank you.")).to_be_visible()


@pytest.mark.timeout(400)
async def test_that_an_update_asks_how_it_is_set_up_and_a_wrong_address_leads_on(
    browser: Browser, shop: Shop  # noqa: F811 - the fixture
) -> None:  # fmt: skip
    await publish(shop, "1.0.0", ORDERS)
    await install(shop)
    await publish(shop, "1.1.0", ORDERS, more=TONED)
    async with open_page(browser, shop.url) as page:
        await page.add_init_script(f"sessionStorage.setItem('hp:member', '{shop.member_key}')")
        await page.goto("/market#/installed/acme/hello")
        update = page.get_by_role("button", name="Update to 1.1.0")
        await update.click()
        await expect(page.get_by_text("How 1.1.0 is set up")).to_be_visible()
        await expect(page.get_by_role("alert")).to_contain_text("'tone' is a required property")
        await at(page, "walk-set-up")
        await page.get_by_label("tone").select_option("warm")
        await update.click()
        await expect(page.locator("#told")).to_have_text("Updated")
        await expect(page.get_by_text("acme/hello 1.1.0")).to_be_visible()
        await expect(page.get_by_label("tone")).to_have_value("warm")
        await page.goto("/market#/plugins/acme/nothing")
        await page.get_by_role("link", name="Find plugins").click()
        await expect(page.get_by_role("link", name="Hello")).to_be_visible()
