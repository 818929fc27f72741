"""A merchant composes in the browser: who answers when, why not, what is asked, and back again."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fakes.browser import is_wider_than_window, open_browser, open_page, shoot, violations
from fakes.bundles import agent, text
from playwright.async_api import Browser, Locator, Page, expect

from .composed import Composing, open_composing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as made:
        yield made


@pytest.fixture
async def shop(dsn: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Composing]:
    async with open_composing(dsn, nats_url, tmp_path) as made:
        yield made


@asynccontextmanager
async def market(
    browser: Browser, shop: Composing, at: str, width: int = 1280, key: str = ""
) -> AsyncIterator[Page]:
    async with open_page(browser, shop.url, width) as page:
        kept = key or shop.member_key
        await page.add_init_script(f"sessionStorage.setItem('hp:member', '{kept}')")
        page.on("dialog", lambda dialog: asyncio.create_task(dialog.accept()))
        await page.goto(f"/market{at}")
        yield page


async def looks_well(page: Page, name: str) -> None:
    """Nothing breaks a rule of accessibility, and no width makes a reader scroll sideways."""
    assert await violations(page) == []
    for width in (390, 800, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        assert not await is_wider_than_window(page), f"{name} at {width}"
        await shoot(page, f"{name}-{width}")


async def stands(page: Page, words: str) -> None:
    """The draft's state, once the server has said it."""
    await expect(page.locator(".bar-state")).to_have_text(re.compile(words))


def named(page: Page) -> Locator:
    """The agents' names in the composer, in order."""
    return page.locator('[data-path="agents"] .order strong')


async def add_gifts(page: Page) -> None:
    await page.get_by_label("Add an agent").fill("Gifts")
    await page.get_by_role("button", name="Add Gifts").click()
    await expect(named(page)).to_have_text(["Orders", "Gifts"])


async def test_that_a_merchant_composes_tries_switches_on_and_goes_back(
    browser: Browser, shop: Composing
) -> None:
    async with market(browser, shop, "#/bundles") as page:
        await expect(page.get_by_role("heading", name="No bundle yet")).to_be_visible()
        await looks_well(page, "bundles-none")
        await page.get_by_role("link", name="Compose…").click()
        await stands(page, "It fits. A month costs nothing")
        await add_gifts(page)
        await stands(page, "at most 19.00 USD")
        await _is_moved_by_keys_and_by_hand(page)
        await _gets_hours_and_rules(page)
        await looks_well(page, "bundles-compose")
        await _is_tried(page)
        await page.reload()
        await expect(named(page)).to_have_text(["Gifts", "Orders"])
        await stands(page, "It fits")
        await _is_switched_on(page, shop)
        await looks_well(page, "bundles-now")
        await page.get_by_role("button", name="Back to the former one").click()
        await expect(page.get_by_role("heading", name="No bundle yet")).to_be_visible()
        await expect(page.get_by_text("taken back")).to_be_visible()


async def _is_moved_by_keys_and_by_hand(page: Page) -> None:
    handle = page.get_by_role("button", name="Move Gifts, 2 of 2")
    await handle.press("ArrowUp")
    await expect(named(page)).to_have_text(["Gifts", "Orders"])
    await expect(page.get_by_role("button", name="Move Gifts, 1 of 2")).to_be_focused()
    await expect(page.get_by_role("status").first).to_have_text("Gifts is 1 of 2 now")
    await page.get_by_role("button", name="Gifts: one down").click()
    await expect(named(page)).to_have_text(["Orders", "Gifts"])
    grip = await page.get_by_role("button", name="Move Gifts, 2 of 2").bounding_box()
    above = await page.get_by_role("button", name="Move Orders, 1 of 2").bounding_box()
    assert grip
    assert above
    await page.mouse.move(grip["x"] + 10, grip["y"] + 10)
    await page.mouse.down()
    await page.mouse.move(above["x"] + 10, above["y"] - 10, steps=6)
    await page.mouse.up()
    await expect(named(page)).to_have_text(["Gifts", "Orders"])


async def _gets_hours_and_rules(page: Page) -> None:
    gifts = page.locator('[data-path="agents"] .order > li').first
    await gifts.get_by_text("Hours, languages, version").click()
    await gifts.get_by_text("At these times").click()
    await expect(gifts.locator("[data-hours]")).to_have_text("Monday to Friday 09:00–17:00")
    await gifts.get_by_label("Until, times 1").fill("09:00")
    await stands(page, "1 thing is not right yet")
    await expect(gifts.get_by_text("a span does not end as it begins")).to_be_visible()
    await shoot(page, "bundles-fault")
    await gifts.get_by_label("Until, times 1").fill("20:00")
    await expect(gifts.locator("[data-hours]")).to_have_text("Monday to Friday 09:00–20:00")
    await page.get_by_role("button", name="Add a rule").click()
    await page.get_by_label("When a message has").fill("present")
    await page.get_by_label("it goes to").select_option("acme/gifts")
    await page.get_by_text("When no agent takes it, and when people").click()
    await page.get_by_label("Whose clock counts").fill("Europe/Berlin")
    await stands(page, "It fits")


async def _is_tried(page: Page) -> None:
    answer = page.locator(".who-answer")
    await page.get_by_label("A shopper writes").fill("a present for my aunt")
    await page.get_by_label("When", exact=True).select_option("Wednesday")
    await page.get_by_label("At", exact=True).fill("12:00")
    await page.get_by_role("button", name="Who would answer?").click()
    await expect(answer.get_by_text("Gifts answers")).to_be_visible()
    await expect(answer.get_by_text("the merchant's rule 'present'")).to_be_visible()
    await page.get_by_label("When", exact=True).select_option("Sunday")
    await page.get_by_role("button", name="Who would answer?").click()
    await expect(answer.get_by_text("Not there then: Gifts")).to_be_visible()
    await expect(answer.get_by_text("At Sunday 12:00 (Europe/Berlin)")).to_be_visible()
    await page.get_by_label("Language", exact=True).select_option("German")
    await page.get_by_role("button", name="Who would answer?").click()
    await expect(answer.get_by_text("read as German")).to_be_visible()
    await shoot(page, "bundles-who")


async def _is_switched_on(page: Page, shop: Composing) -> None:
    await page.get_by_role("link", name="Switch on…").click()
    await expect(page.get_by_role("heading", name="Switch on your_shop/support")).to_be_visible()
    optional = page.get_by_role("checkbox", name=re.compile("kv:1MiB"))
    await expect(optional).not_to_be_checked()
    await page.get_by_label("Your shop's name").fill("Fernhill")
    await looks_well(page, "bundles-switch")
    await shop.publish(agent("acme/gifts", "1.0.1", label="gifts"))  # the plan is another one now
    await page.get_by_role("button", name="Give these and switch on").click()
    await expect(page.get_by_text("the plan has changed since it was shown")).to_be_visible()
    await page.get_by_role("button", name="Look at the plan again").click()
    await expect(page.get_by_text("Installs Hello 1.0.1")).to_be_visible()
    await page.get_by_role("button", name="Give these and switch on").click()
    await expect(
        page.get_by_role("heading", name="your_shop/support@1.0.0", exact=True)
    ).to_be_visible()
    there = await shop.gateway.installations.list(shop.tenant_id)
    gifts = next(one for one in there if one.plugin_id == "acme/gifts")
    assert (gifts.version, gifts.grants, gifts.position) == ("1.0.1", ("knowledge:read",), 1)
    await expect(page.get_by_text("signed by your shop")).to_be_visible()
    await expect(page.get_by_text("A message with “present” goes to Hello.")).to_be_visible()


async def test_that_why_not_says_what_to_change_and_the_text_is_the_same_bundle(
    browser: Browser, shop: Composing
) -> None:
    async with market(browser, shop, "#/bundles/compose", width=390) as page:
        await stands(page, "It fits")
        await add_gifts(page)
        await page.get_by_text("What it may cost and ask").click()
        await page.get_by_label("All plugins together, a month, at most").fill("5 dollars")
        await stands(page, "1 thing is not right yet")
        await expect(page.get_by_text('Write it like: price = "99.00 USD"')).to_be_visible()
        await page.get_by_label("All plugins together, a month, at most").fill("5.00 USD")
        await stands(page, "do not fit together")
        await expect(page.get_by_text("let it cost up to 19.00 USD a month")).to_be_visible()
        await looks_well(page, "bundles-why-not")
        await page.get_by_text("The text: bundle.toml").click()
        source = page.get_by_role("textbox", name="bundle.toml")
        written = await source.input_value()
        assert '[ceilings]\nprice = "5.00 USD"' in written
        await source.fill(written.replace("5.00", "50.00").replace('"acme/gifts"', '"acme/gift"'))
        await stands(page, "do not fit together")
        await expect(page.get_by_text("there is no plugin acme/gift")).to_be_visible()
        await source.fill(written.replace("[[agents]]", "[[agents", 1))
        await expect(page.locator("#text-faults")).to_contain_text("this is not TOML")
        await page.get_by_role("heading", name="Your rules").click(force=True)
        await expect(page.locator("section[inert]").first).to_be_attached()
        await page.reload()
        await expect(source).to_have_value(re.compile(r"\[\[agents\n"))
        await source.fill(written.replace("5.00", "50.00"))
        await source.blur()
        await stands(page, "at most 19.00 USD")
        await expect(page.locator("section[inert]")).to_have_count(0)
        await page.get_by_text("What it may cost and ask").click()
        price = page.get_by_label("All plugins together, a month, at most")
        await expect(price).to_have_value("50.00 USD")
        await price.fill("60.00 USD")
        await expect(source).to_have_value(re.compile(r"60\.00 USD"))


async def test_that_nothing_typed_is_lost_while_the_server_is_away(
    browser: Browser, shop: Composing
) -> None:
    async with market(browser, shop, "#/bundles/compose") as page:
        await stands(page, "It fits")
        await page.context.set_offline(True)
        await page.get_by_text("How your shop sounds").click()
        await page.get_by_label("Begins a talk with").fill("Hello from Fernhill!")
        await stands(page, "Offline: your draft is kept here")
        await page.get_by_label("A shopper writes").fill("hello?")
        await page.get_by_role("button", name="Who would answer?").click()
        await expect(page.get_by_text("The server cannot be reached")).to_be_visible()
        await shoot(page, "bundles-offline")
        await page.context.set_offline(False)
        await stands(page, "It fits")
        await page.reload()
        await page.get_by_text("How your shop sounds").click()
        await expect(page.get_by_label("Begins a talk with")).to_have_value("Hello from Fernhill!")
        await page.get_by_role("button", name="Begin again").click()
        await expect(page.get_by_label("Begins a talk with")).to_have_value("")


async def test_that_a_bundle_of_others_is_read_taken_and_saved_as_a_file(
    browser: Browser, shop: Composing, tmp_path: Path
) -> None:
    async with market(browser, shop, "#/bundles/shared") as page:
        await page.get_by_role("link", name=re.compile("Evening team")).click()
        await expect(page.get_by_role("heading", name="Evening team")).to_be_visible()
        await expect(page.get_by_text("Installs Gifts 1.0.0")).to_be_visible()
        await looks_well(page, "bundles-inside")
        await page.get_by_role("button", name="Take it as my draft").click()
        await expect(named(page)).to_have_text(["Orders", "Gifts"])
        await page.get_by_role("link", name="Save or share it…").click()
        await expect(page.get_by_text("hp plugin claim acme")).to_be_visible()
        await looks_well(page, "bundles-share")
        async with page.expect_download() as saved:
            await page.get_by_role("button", name="Save bundle.toml").first.click()
        kept = tmp_path / "saved.toml"
        await (await saved.value).save_as(kept)
        assert kept.read_text() == text("acme/orders", "acme/gifts")
        await page.get_by_role("button", name="Is it published?").click()
        await expect(page.get_by_text("acme/evenings 1.0.0 is published")).to_be_visible()
        kept.write_text(text("acme/gifts", more="# mine\n"))
        await page.get_by_label("A bundle.toml, and its").set_input_files(kept)
        await expect(named(page)).to_have_text(["Gifts"])
        await page.get_by_text("The text: bundle.toml").click()
        source = page.get_by_role("textbox", name="bundle.toml")
        await expect(source).to_have_value(re.compile("# mine"))


async def test_that_who_may_only_look_is_told_so_and_changes_nothing(
    browser: Browser, shop: Composing
) -> None:
    at = "#/bundles/switch/acme/evenings"
    async with market(browser, shop, at, key=shop.viewer_key) as page:
        await page.get_by_label("Your shop's name").fill("Fernhill")
        await page.get_by_role("button", name="Give these and switch on").click()
        await expect(page.get_by_text("ask an owner or a manager of your shop")).to_be_visible()
        await expect(page.get_by_label("Your shop's name")).to_have_value("Fernhill")
        await page.goto("/market#/bundles/shared/acme/nothing")
        await expect(page.get_by_role("alert")).to_contain_text("acme/nothing")
    assert (await shop.gateway.bundles.runs(shop.tenant_id)) == []
