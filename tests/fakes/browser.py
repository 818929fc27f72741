"""A real browser for tests of the pages: the machine's Chromium or Chrome, driven by Playwright.

HP_BROWSER names another program, which must be there. Where nothing is named and there is none,
tests that need one are skipped.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, Playwright, async_playwright, expect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS_MAX = 60  # for anything a page is asked: the machine may be busy
# Success criteria of WCAG 2.0 to 2.2, levels A and AA, and what axe holds to be good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Scheme = Literal["light", "dark"]


def _program(playwright: Playwright) -> str:
    """Where a browser is; skips the test where there is none."""
    if named := os.environ.get("HP_BROWSER"):
        assert os.path.exists(named), f"HP_BROWSER names {named}, which is not there"
        return named
    found = [shutil.which(name) or "" for name in PROGRAMS]
    found.append(playwright.chromium.executable_path)  # by `playwright install chromium`
    for path in found:
        if os.path.exists(path):
            return path
    pytest.skip("no browser: apt-get install chromium, or name one by HP_BROWSER")


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """One process of it, without a window."""
    async with async_playwright() as playwright:
        program = _program(playwright)
        # Its own sandbox needs rights that a container does not give; pages are our own.
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_page(
    browser: Browser, url: str, width: int = 1280, scheme: Scheme = "light"
) -> AsyncIterator[Page]:
    """A page of `url` in a session of its own, whose scripts must not fail: an error that the
    console shows, a part that is missing or a broken content policy fails the test at its end."""
    context = await browser.new_context(
        base_url=url, viewport={"width": width, "height": 900}, color_scheme=scheme,
        reduced_motion="reduce", locale="en-GB", timezone_id="UTC",
    )  # fmt: skip
    context.set_default_timeout(SECONDS_MAX * 1000)
    expect.set_options(timeout=SECONDS_MAX * 1000)
    page, faults = await context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if _is_fault(line) else None)
    try:
        yield page
        assert not faults, faults
    finally:
        await context.close()


def _is_fault(line: Any) -> bool:
    """An answer of the server that refuses something is no fault of the page, nor a line that the
    test cut."""
    told = ("the server responded with a status of", "net::ERR_INTERNET_DISCONNECTED")
    return line.type == "error" and not any(words in line.text for words in told)


async def violations(page: Page, within: str | None = None) -> list[str]:
    """What breaks a rule of accessibility on the page as it is: rule, place, and why.

    Source: WCAG 2.2, as checked by axe-core.
    """
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = await Axe().run(page, context=within, options=options)
    return [
        f"{rule['id']}: {node['target']}: {node['failureSummary']}"
        for rule in found.response["violations"] for node in rule["nodes"]
    ]  # fmt: skip


async def shoot(page: Page, name: str) -> None:
    """For people to look at: a picture in the folder HP_SCREENSHOTS names, if it names one."""
    if folder := os.environ.get("HP_SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)


async def is_wider_than_window(page: Page) -> bool:
    """Whether a reader has to scroll sideways. Source: WCAG 2.2, 1.4.10 Reflow."""
    return bool(await page.evaluate("document.documentElement.scrollWidth > innerWidth"))
