"""Reviewers at the page /review: a token gets in, all there is to see is shown, nothing is signed;
and it keeps the rules of accessibility as the other pages do."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from fakes.browser import Scheme, is_wider_than_window, open_browser, open_page, shoot, violations
from fakes.publishing import CODE, artifact, manifest
from playwright.async_api import Browser, Page, expect

from .test_review import MONEY, Office, office  # noqa: F401 - a fixture

CHANGED = CODE.replace("Hi", "Hi <b>there</b>")  # what a publisher writes is never markup
LOOKS: list[tuple[int, Scheme]] = [(1280, "light"), (390, "dark")]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as made:
        yield made


async def faults(page: Page, name: str) -> list[str]:
    """What breaks a rule, or makes a reader scroll sideways."""
    await shoot(page, name)
    found = [f"{name}: {one}" for one in await violations(page)]
    return found + ([f"{name}: too wide"] if await is_wider_than_window(page) else [])


async def token_of(office: Office) -> str:  # noqa: F811
    """What `hp review login --print-token` prints."""
    return (await office.run("login", "--print-token")).strip()


async def enter(page: Page, token: str) -> None:
    await page.goto("/review")
    await page.get_by_label("Token").fill(token)
    await page.get_by_role("button", name="Look at what waits").click()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_that_the_page_keeps_the_rules_from_the_login_to_the_dossier(
    browser: Browser, office: Office, width: int, scheme: Scheme  # noqa: F811 - the fixture
) -> None:  # fmt: skip
    token, found = await token_of(office), list[str]()
    async with open_page(browser, office.url, width, scheme) as page:
        await enter(page, "no token")
        await expect(page.get_by_role("alert").first).to_contain_text("Print another one")
        found += await faults(page, f"review-refused-{width}")
        await enter(page, token)
        await expect(page.get_by_text("Nothing waits.")).to_be_visible()
        found += await faults(page, f"review-empty-{width}")
        first = await office.handed_in(artifact(manifest("acme/payer")))
        await office.run("approve", first, "--reason", "Fine.", "--yes")
        second = manifest("acme/payer", "1.1.0", asks=MONEY)
        digest = await office.handed_in(artifact(second, hello=CHANGED), "FAIL")
        odd = sorted(office.registry.ground.policy.waivable)[0]
        await office.registry.appeal(digest, "It is odd on purpose.")
        await page.reload()
        await page.get_by_role("button", name=re.compile("0 of 2 people")).click()
        dossier = page.get_by_role("region", name="Hello")
        shown = ("Give back up to 10.00 USD a turn", "It is odd on purpose.", '"Hi <b>there</b>"')
        for words in (*shown, "It touches data", f"hp review approve {digest} --waive {odd}"):
            await expect(dossier.get_by_text(words).first).to_be_visible()
        found += await faults(page, f"review-dossier-{width}")
    assert found == []


@pytest.mark.timeout(400)
async def test_that_what_was_signed_elsewhere_shows_and_logging_out_forgets(
    browser: Browser, office: Office  # noqa: F811 - the fixture
) -> None:  # fmt: skip
    digest = await office.handed_in(artifact(manifest("acme/payer", asks=MONEY)))
    async with open_page(browser, office.url) as page:
        await enter(page, await token_of(office))
        await expect(page.get_by_text("0 of 2 people")).to_be_visible()
        await office.run("approve", digest, "--reason", "I read it.", "--yes")
        await expect(page.get_by_text("1 of 2 people")).to_be_visible()
        await page.get_by_role("button", name=re.compile("1 of 2 people")).click()
        await expect(page.get_by_text("I read it.")).to_be_visible()
        await office.run("approve", digest, "--reason", "So did I.", "--yes", who="two")
        await expect(page.get_by_text("Nothing waits.")).to_be_visible()
        await expect(page.get_by_text("no longer waits")).to_be_visible()
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_label("Token")).to_be_focused()
        assert await page.evaluate("sessionStorage.length") == 0


@pytest.mark.timeout(400)
async def test_that_an_author_is_told_who_may_look(
    browser: Browser, office: Office  # noqa: F811 - the fixture
) -> None:  # fmt: skip
    with await office.client(office.publisher.key) as publisher:
        token = (await asyncio.to_thread(publisher.login, office.publisher.key)).token
    async with open_page(browser, office.url) as page:
        await enter(page, token)
        await expect(page.get_by_role("alert").first).to_contain_text("not a reviewer's")
