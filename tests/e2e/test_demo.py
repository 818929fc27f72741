"""The main job by its one command, and its process killed in the middle of a turn."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from fakes.roles import RoleProcess, settle
from hyperpersonal_web.demo.script import PRIYA, SCENES
from hyperpersonal_web.demo.shop_process import STORE
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.demo_shop.admin_client import ShopAdmin
from hyperpersonal_web.demo_shop.faults import Fault
from hyperpersonal_web.http.chat import SessionRequest
from hyperpersonal_web.wiring import open_gateway, open_ground, open_understanding

SLOW_SECONDS = 10.0
RESUME_SECONDS_MAX = 120
INTERRUPT_SECONDS_MAX = 120  # a busy machine is slow to stop its servers


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_that_the_demo_holds_its_conversations(folder: Path) -> None:
    command = [sys.executable, "-m", "hyperpersonal_web.cli", "demo", "--check"]
    known = {name: value for name, value in os.environ.items() if not name.startswith("HP_")}
    done = subprocess.run(
        command, env={**known, "HP_DATA_DIR": str(folder)}, capture_output=True, text=True,
        timeout=560, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(SCENES)} of {len(SCENES)} conversations ended as expected" in done.stdout


@pytest.mark.timeout(300)
def test_that_an_interrupt_ends_the_set_up_where_it_stands(folder: Path) -> None:
    command = [sys.executable, "-u", "-m", "hyperpersonal_web.cli", "demo", "--port", "0"]
    known = {name: value for name, value in os.environ.items() if not name.startswith("HP_")}
    stale = folder / "demo" / "address"  # as one leaves it that was killed
    stale.parent.mkdir()
    stale.write_text("http://127.0.0.1:9\n")
    with subprocess.Popen(
        command, env={**known, "HP_DATA_DIR": str(folder)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as demo:  # fmt: skip
        assert demo.stdout is not None
        try:
            assert any(line.startswith("schema") for line in demo.stdout)
            demo.send_signal(signal.SIGINT)
            said, _ = demo.communicate(timeout=INTERRUPT_SECONDS_MAX)
        finally:
            demo.kill()
    assert demo.returncode == 130, said
    assert "ready in" not in said
    assert "Traceback" not in said
    assert not (folder / "services.json").exists(), "the servers were stopped in order"
    assert not stale.exists(), "nobody looks for the killed one any more"


@pytest.mark.slow
@pytest.mark.timeout(500)
async def test_that_a_killed_process_neither_loses_nor_repeats(props: Props) -> None:
    worker = RoleProcess(props, "all")
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, props.settings, props.addresses)
        merchant = await settle(ground, props)
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
        await shop.met(STORE)  # it is busy with the cancellation
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
