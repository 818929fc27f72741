"""The main job by its one command, and a worker process killed in the middle of a turn."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_web.demo.merchant import furnish
from hyperpersonal_web.demo.plugins import install_all, publish_all, publisher_key
from hyperpersonal_web.demo.script import PRIYA, SCENES
from hyperpersonal_web.demo.shop_process import STORE
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.demo_shop.admin_client import ShopAdmin
from hyperpersonal_web.demo_shop.faults import Fault
from hyperpersonal_web.http.chat import SessionRequest
from hyperpersonal_web.paths import ROOT
from hyperpersonal_web.wiring import (
    open_gateway,
    open_ground,
    open_market,
    open_understanding,
)

SLOW_SECONDS = 3.0
RESUME_SECONDS_MAX = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder of its own that shares the compiled guests: building one takes long."""
    cache = ROOT / ".hp" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (tmp_path / "cache").symlink_to(cache)
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_that_the_demo_holds_its_conversations(folder: Path) -> None:
    command = [sys.executable, "-m", "hyperpersonal_web.cli", "demo", "--check"]
    known = {name: value for name, value in os.environ.items() if not name.startswith("HP_")}
    done = subprocess.run(
        command, env={**known, "HP_DATA_DIR": str(folder)}, capture_output=True, text=True,
        timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(SCENES)} of {len(SCENES)} conversations ended as expected" in done.stdout


class Worker:
    """`hp serve --role worker` as a process of its own."""

    def __init__(self, props: Props) -> None:
        self._given = {
            "HP_DATABASE_URL": props.addresses.database_url,
            "HP_NATS_URL": props.addresses.nats_url,
            "HP_DATA_DIR": str(props.settings.data_dir),
        }
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "hyperpersonal_web.cli", "serve", "--role", "worker"]
        self._process = subprocess.Popen(
            command, env={**os.environ, **self._given}, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert "ready" in self._process.stdout.readline()

    def end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def props(folder: Path) -> Iterator[Props]:
    props = Props(Settings(data_dir=folder), lambda *_: None)
    try:
        props.start()
        props.shop.wait()
        yield props
    finally:
        props.stop()


@pytest.mark.slow
@pytest.mark.timeout(200)
async def test_that_a_killed_worker_process_neither_loses_nor_repeats(props: Props) -> None:
    worker = Worker(props)
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, props.settings, props.addresses)
        market = open_market(ground)
        merchant = await furnish(ground, props.folder)
        releases = await publish_all(market.registry, publisher_key(props.folder / "key"))
        place = (props.shop.url, props.shop.keys.token)
        await install_all(market, merchant.tenant_id, releases, place)
        gateway = await open_gateway(stack, ground, open_understanding(ground))
        shop = await stack.enter_async_context(
            ShopAdmin(props.shop.url, props.shop.keys.admin_token)
        )
        session = await gateway.chat.open(SessionRequest(merchant.channel_key))
        contact = gateway.tokens.read(session.token)
        await asyncio.to_thread(worker.start)

        async def say(number: int, text: str) -> None:
            await gateway.intake.take(contact, {"id": f"m{number}", "text": text})

        async def answers(count: int) -> list[str]:
            """The agents' answers so far, once there are `count`."""
            async with asyncio.timeout(RESUME_SECONDS_MAX):
                while True:
                    page = await gateway.chat.page(contact, 0, 0)
                    said = [e["text"] for e in page.events if e["source"] == "agent"]
                    if len(said) >= count:
                        return said
                    await asyncio.sleep(0.2)

        await say(1, f"Please cancel order #W1000003, I no longer need it. {PRIYA}")
        assert "Shall I" in (await answers(1))[0]
        await shop.plan(Fault("slow", STORE, 1, "/cancel", SLOW_SECONDS))
        await say(2, "yes")
        await asyncio.sleep(SLOW_SECONDS / 2)  # the shop is busy with the cancellation
        await asyncio.to_thread(worker.end, signal.SIGKILL)
        await asyncio.to_thread(worker.start)
        said = await answers(2)
        await asyncio.sleep(1)
        assert await answers(2) == said
        assert "cancelled" in said[1]
        assert [act.tool for act in await shop.acts(STORE)] == ["cancel_pending_order"]
        turns = await gateway.history.of(contact.tenant_id, contact.conversation_id)
        assert [turn.attempts for turn in turns] == [1, 2]
        await asyncio.to_thread(worker.end, signal.SIGTERM)
