"""A merchant composes the demo's agents in a terminal; shoppers meet them in and out of hours."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_sdk.hours import DAYS
from hyperpersonal_web.cli import cli
from hyperpersonal_web.client import ChatConnection
from hyperpersonal_web.demo.script import MAYA
from hyperpersonal_web.demo.stage import Props, Stage, open_stage

ANSWER_SECONDS_MAX = 60
BUNDLE = """
id = "fernhill/evenings"
version = "1.0.0"
title = "Evenings at Fernhill"
description = "Orders and products while nobody else is here."
fallback = ["decline"]

[[agents]]
plugin = "hyperpersonal/product_agent"
HOURS

[[agents]]
plugin = "hyperpersonal/order_agent"
HOURS

[[rules]]
when = "wholesale"
to = "person"

[people]
hours = ["PEOPLE 00:00-24:00"]

[voice]
name = "Fern"
greeting = "Hello from Fernhill!"
avoid = ["sorry"]
"""


@pytest.fixture
def staged(folder: Path) -> Iterator[Props]:
    """The demo on a port of its own."""
    props = Props(Settings(data_dir=folder, port=0), lambda *_: None)
    try:
        props.start()
        yield props
    finally:
        props.stop()


@pytest.fixture
async def stage(staged: Props) -> AsyncIterator[Stage]:
    async with open_stage(staged, lambda *_: None) as stage:
        yield stage


@cache
def began() -> datetime:
    """The test; midnight may come in its middle."""
    return datetime.now(UTC)


def day_after(days: int) -> str:
    return DAYS[(began() + timedelta(days=days)).weekday()]


def written(path: Path, *, open_now: bool) -> Path:
    """The bundle whose agents are there today and tomorrow, or not before the day after; people
    are not."""
    now = ", ".join(f'"{day_after(days)} 00:00-24:00"' for days in ((0, 1) if open_now else (3,)))
    text = BUNDLE.replace("HOURS", f"hours = [{now}]").replace("PEOPLE", day_after(3))
    path.write_text(text)
    return path


class Terminal:
    """Somebody at a terminal beside the demo; every command finds it in the data folder."""

    def __init__(self, folder: Path) -> None:
        self._env = {"HP_DATA_DIR": str(folder), "HOME": str(folder)}

    async def says(self, *words: str | Path, code: int = 0) -> str:
        args = list(map(str, words))
        done = await asyncio.to_thread(CliRunner(env=self._env).invoke, cli, args)
        assert done.exit_code == code, (args, done.output, done.exception)
        return str(done.output)

    async def runs(self, *words: str | Path, code: int = 0) -> str:
        return await self.says("bundle", *words, code=code)


async def talk(stage: Stage, text: str) -> list[dict[str, Any]]:
    """What a new shopper is told after one message."""
    import httpx

    async with httpx.AsyncClient(base_url=stage.url, timeout=60) as http:
        body = {"channel_key": stage.merchant.channel_key}
        session = (await http.post("/v1/chat/sessions", json=body)).json()
    chat = await ChatConnection.open(stage.url, session["token"])
    await chat.say(text, "m1")
    told: list[dict[str, Any]] = []
    while not told:
        frame = await chat.next("events", seconds=ANSWER_SECONDS_MAX)
        told = [event for event in frame["events"] if event["source"] != "contact"]
    await chat.close()
    return told


ORDER = f"Where is my order #W1000001? My e-mail is {MAYA}"


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_that_a_bundle_serves_in_its_hours_and_tells_when_people_are_back(
    stage: Stage, folder: Path, tmp_path: Path
) -> None:
    merchant, file = Terminal(folder), written(tmp_path / "bundle.toml", open_now=True)
    await _does_not_fit(merchant, file)
    assert "evenings@1.0.0" in await merchant.runs("solve", file)
    plan = json.loads(await merchant.runs("solve", file, "--json"))
    assert plan["fits"]
    assert {step["kind"] for step in plan["steps"]} == {"keep"}, "the demo has them all"
    assert "hyperpersonal/return_agent" in plan["left_out"]
    lock = tmp_path / "bundle.lock"
    await merchant.runs("lock", file)
    assert "serves from the next turn on" in await merchant.runs(
        "apply", file, "--yes", "--lock", lock
    )

    answered = await talk(stage, ORDER)
    assert answered[0]["text"].startswith("Hello from Fernhill!\n\n")
    assert "FH1000000001" in answered[0]["text"], "the agent's facts stay as they are"
    notice = (await talk(stage, "I want to talk to a human being"))[-1]
    when = began() + timedelta(days=3)
    assert f"on {when:%A} at 00:00 (UTC)" in notice["text"]
    assert f"on {when:%A}" in (await talk(stage, "what are your wholesale prices"))[-1]["text"]

    written(file, open_now=False)
    assert "-hours" in await merchant.runs("diff", file)
    refused = await merchant.runs("apply", file, "--yes", "--lock", lock, code=1)
    assert "changed after it was locked" in refused
    await merchant.runs("apply", file, "--yes")
    closed = await talk(stage, ORDER)
    assert "FH1000000001" not in closed[0]["text"], "no agent is there"
    assert f"on {when:%A}" in closed[0]["text"]
    assert "sorry" not in closed[0]["text"].lower()

    assert "serves" in await merchant.runs("show")
    await merchant.runs("rollback")
    assert "FH1000000001" in (await talk(stage, ORDER))[0]["text"]
    await merchant.runs("rollback")
    before = await talk(stage, ORDER)
    assert "FH1000000001" in before[0]["text"]
    assert not before[0]["text"].startswith("Hello from Fernhill!")
    assert "no bundle was applied" in await merchant.runs("rollback", code=1)
    await _is_shared(merchant, stage, tmp_path)


async def _does_not_fit(merchant: Terminal, file: Path) -> None:
    whole = file.read_text()
    narrow = whole.replace("order_agent", 'order_agent"\nversion = "^7')
    file.write_text(f"{narrow}[ceilings]\ncapabilities = []\n")
    told = await merchant.runs("solve", file, code=1)
    assert "no release of hyperpersonal/order_agent is ^7" in told
    assert "take hyperpersonal/order_agent 0.1.0 (you asked for ^7)" in told
    file.write_text("id = 7")
    assert "bundle.toml line 1, id:" in await merchant.runs("apply", file, code=1)
    file.write_text(whole)


async def _is_shared(author: Terminal, stage: Stage, tmp_path: Path) -> None:
    """Published, reviewed, and installed as a plan."""
    file = written(tmp_path / "bundle.toml", open_now=True)
    key = ("--key", tmp_path / "author.key")
    await author.says("plugin", "keys", "new", *key)
    await author.says("plugin", "claim", "fernhill", *key)
    await author.says("registry", "namespaces", "approve", "fernhill")
    await author.runs("lock", file)
    told = await author.runs("publish", file, "--lock", tmp_path / "bundle.lock", *key)
    assert "checked" in told, told
    refused = await author.runs("install", "fernhill/evenings", "--yes", code=1)
    assert "no release fernhill/evenings" in refused
    await author.says(
        "review", "approve", "fernhill/evenings@1.0.0", "--reason", "Names known agents.", "--yes"
    )
    alone = await author.says("market", "install", "fernhill/evenings", "--yes", code=1)
    assert "is a bundle" in alone
    done = await author.runs("install", "fernhill/evenings", "--locked", "--yes")
    assert "serves from the next turn on" in done
    assert (await talk(stage, ORDER))[0]["text"].startswith("Hello from Fernhill!")
