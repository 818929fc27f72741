"""Every page as people use it who see little, hear it read, or press keys only."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.browser import Scheme, is_wider_than_window, open_browser, open_page, shoot, violations
from playwright.async_api import Browser, Page, expect

from .rolling import Merchant, open_merchant

MARKET = {
    "find": ("#/", "h2.found"),
    "plugin": ("#/plugins/acme/hello", "h2"),
    "publisher": ("#/publishers/acme", "h2"),
    "consent": ("#/install/acme/hello", "h2"),
    "installed": ("#/installed", ".cards"),
    "manage": ("#/installed/acme/hello", "table"),
    "rollouts": ("#/rollouts", ".empty"),
    "try": ("#/rollouts/acme/hello", "form"),
    "bundles": ("#/bundles", "article"),
    "compose": ("#/bundles/compose", "article"),
    "nothing": ("#/plugins/acme/nothing", ".empty"),
}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as made:
        yield made


@pytest.fixture
async def merchant(dsn: str, nats_url: str, folder: Path) -> AsyncIterator[Merchant]:
    async with open_merchant(dsn, nats_url, folder) as made:
        await made.gateway.catalogue.follow()
        yield made


async def faults(page: Page, name: str) -> list[str]:
    """What breaks a rule, or makes a reader scroll sideways."""
    found = [f"{name}: {one}" for one in await violations(page)]
    if await is_wider_than_window(page):
        found.append(f"{name}: wider than its window")
    return found


@pytest.mark.timeout(600)
async def test_that_no_page_breaks_a_rule_of_accessibility_light_or_dark_wide_or_narrow(
    browser: Browser, merchant: Merchant
) -> None:
    found: list[str] = []
    looks: list[tuple[int, Scheme]] = [(1280, "light"), (390, "dark")]
    for width, scheme in looks:
        async with open_page(browser, merchant.url, width, scheme) as page:
            look = f"{width}-{scheme}"
            await page.goto("/")
            await page.get_by_label("Your message").fill("my order, and a person please")
            await page.get_by_role("button", name="Send").click()
            await expect(page.locator(".message.agent")).to_have_count(1)
            await shoot(page, f"chat-{look}")
            found += await faults(page, f"chat {look}")
            await page.goto("/staff")
            await expect(page.get_by_text("Live")).to_be_visible()
            found += await faults(page, f"staff {look}")
            for name, (place, there) in MARKET.items():
                await page.goto(f"/market{place}")
                await expect(page.locator(f"main {there}").first).to_be_visible()
                await shoot(page, f"{name}-{look}")
                found += await faults(page, f"{name} {look}")
    assert found == []


@pytest.mark.timeout(400)
async def test_that_the_market_is_used_by_keys_alone(browser: Browser, merchant: Merchant) -> None:
    async with open_page(browser, merchant.url) as page:
        page.on("dialog", lambda dialog: asyncio.create_task(dialog.accept()))
        await page.goto("/market#/installed/acme/hello")
        await expect(page.get_by_text("Search your articles")).to_be_visible()
        focus = page.locator(":focus")
        await page.get_by_role("link", name="Skip to the content").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#main")).to_be_focused()
        for _ in range(40):
            if await focus.inner_text() == "Try it with a few first":
                break
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Try a release of Hello")).to_be_visible()
        await expect(page.locator("#main")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(focus).to_have_attribute("id", "version")
        await page.keyboard.press("Tab")
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_label("By degrees at once")).to_be_checked()
        await expect(page.get_by_label("Turns to compare unseen")).to_be_hidden()
        await page.keyboard.press("Enter")
        await expect(page.locator(".stages [aria-current=step]")).to_have_text("1 %")
        await page.get_by_role("button", name="Undo it").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Everybody has 1.0.0")).to_be_visible()
