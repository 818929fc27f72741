"""A merchant tries a release in the browser: begins, watches, pauses, and sees what undid it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fakes.browser import is_wider_than_window, open_browser, open_page, shoot, violations
from playwright.async_api import Browser, Page, expect

from .rolling import PLAN, Merchant, open_merchant


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as made:
        yield made


@pytest.fixture
async def merchant(dsn: str, nats_url: str, folder: Path) -> AsyncIterator[Merchant]:
    async with open_merchant(dsn, nats_url, folder) as made:
        await made.gateway.catalogue.follow()
        yield made


@asynccontextmanager
async def market(
    browser: Browser, merchant: Merchant, at: str, width: int = 1280
) -> AsyncIterator[Page]:
    async with open_page(browser, merchant.url, width) as page:
        key = merchant.member_key  # a viewer's in one test
        await page.add_init_script(f"sessionStorage.setItem('hp:member', '{key}')")
        await page.goto(f"/market{at}")
        page.on("dialog", lambda dialog: asyncio.create_task(dialog.accept()))
        yield page


async def looks_well(page: Page, name: str) -> None:
    await shoot(page, name)
    assert await violations(page) == []
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        assert not await is_wider_than_window(page), f"{name} at {width}"
        await shoot(page, f"{name}-{width}")


@pytest.mark.timeout(600)
async def test_that_a_merchant_begins_reads_both_answers_pauses_and_undoes(
    browser: Browser, merchant: Merchant
) -> None:
    async with market(browser, merchant, "#/rollouts") as page:
        await expect(page.get_by_text("No release was rolled out")).to_be_visible()
        await page.goto("/market#/installed/acme/hello")
        await page.get_by_role("link", name="Try it with a few first").click()
        await page.get_by_label("Which release").select_option("2.0.0")
        await page.get_by_label("Turns to compare unseen").fill("2")
        await page.get_by_label("Of how many turns in a hundred").fill("100")
        await looks_well(page, "rollout-start")
        await page.get_by_role("button", name="Begin").click()
        await expect(page.get_by_text("No turn was compared yet")).to_be_visible()
        await merchant.talk(3)
        step = page.locator(".stages [aria-current=step]")
        await expect(step).to_have_text("1 %")
        await expect(page.get_by_text("No conversation has been judged yet")).to_be_visible()
        await page.locator("details summary").first.click()
        said = page.locator(".said")
        await expect(said.nth(0)).to_contain_text("the old one")
        await expect(said.nth(1)).to_contain_text("the new one")
        await expect(page.get_by_text("my order").first).to_be_visible()
        await looks_well(page, "rollout-shadow")
        await page.get_by_role("button", name="Pause").click()
        await expect(page.locator(".badge", has_text="paused")).to_be_visible()
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_role("button", name="Next step now").click()
        await expect(step).to_have_text("5 %")
        await page.get_by_role("button", name="Undo it").click()
        await expect(page.get_by_text("Everybody has 1.0.0")).to_be_visible()
        await expect(page.locator(".told li").first).to_contain_text("by a member")
        await expect(page.get_by_role("button", name="Undo it")).to_have_count(0)


@pytest.mark.timeout(600)
async def test_that_a_merchant_sees_the_evidence_grow_and_what_undid_a_broken_release(
    browser: Browser, merchant: Merchant
) -> None:
    one = await merchant.start("3.0.0", PLAN)
    await asyncio.sleep(2.1)  # a share holds from a little later on
    async with market(browser, merchant, f"#/rollouts/{one['id']}") as page:
        await expect(page.get_by_text("No conversation has been judged yet")).to_be_visible()
        await merchant.talk(6)
        errors = page.locator(".metrics li").first
        await expect(errors).to_contain_text("Errors")
        await expect(errors.get_by_role("img")).to_be_visible()
        async with asyncio.timeout(200):
            while (await merchant.read(one["id"]))["rollout"]["state"] == "canary":
                await merchant.talk(6)
        await expect(page.get_by_text("It was undone by itself: worse than 1.0.0")).to_be_visible()
        await expect(errors).to_contain_text("Shown to be worse. That undoes it.")
        await expect(errors).to_contain_text("100 % of what undoes it")
        await expect(page.locator(".told li").first).to_contain_text("by the evidence")
        await looks_well(page, "rollout-undone")
        await page.goto("/market#/rollouts")
        await expect(page.locator(".badge.bad")).to_have_text("undone by itself")
        await looks_well(page, "rollout-list")


@pytest.mark.timeout(400)
async def test_that_who_may_only_look_is_told_so_and_a_wrong_address_too(
    browser: Browser, merchant: Merchant
) -> None:
    one = await merchant.start("2.0.0", PLAN)
    merchant.member_key = merchant.viewer_key
    async with market(browser, merchant, f"#/rollouts/{one['id']}", 390) as page:
        await page.get_by_role("button", name="Pause").click()
        await expect(page.get_by_role("alert")).to_contain_text("owner")
        await expect(page.get_by_role("button", name="Pause")).to_be_enabled()
        await page.goto(f"/market#/rollouts/rol_{'0' * 32}")
        await expect(page.get_by_role("alert")).to_contain_text("no such rollout")
