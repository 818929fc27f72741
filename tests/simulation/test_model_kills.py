"""Turns that ask a model and act: the process that answers them is killed, again and again.

The engine (turn worker, plugin host, sandboxes, the vendor's client in its jail) is a process that
ends by SIGKILL at random moments, between the model's wish and the tool, between the tool and the
reply, anywhere. No turn is lost, none answers twice, no tool acts twice.
"""

import asyncio
import contextlib
import os
import random
import secrets
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fakes.model_house import SETTINGS, House, open_house
from fakes.models import stub
from hyperpersonal_runtime.testing import default_cache
from hyperpersonal_sdk.contract.models import GenerateAsk, ToolUse
from hyperpersonal_web.model_stub.script import Said, words
from hyperpersonal_web.model_stub.server import StubModel

KILLS = int(os.environ.get("HP_MODEL_KILLS", "2"))
SHOPPERS = 6
SEED = 11
ROUND_SECONDS = 300


def cancels(ask: GenerateAsk) -> Said:
    """Cancels the order, and says so; each answer takes a little while."""
    if ask.messages[-1].role == "tool":
        return Said(words("Your order is cancelled. Goodbye!"), delay_ms=60, piece_ms=5)
    return Said([], [ToolUse("u1", "cancel_order", {"order_id": "#W1"})], delay_ms=60)


@pytest.fixture
async def house(dsn: str, nats_url: str, tmp_path: Path) -> AsyncIterator[House]:
    folder = tmp_path
    (folder / "cache").symlink_to(default_cache().parent)  # the guests are compiled already
    places, prefix = (dsn, nats_url), f"k{secrets.token_hex(6)}"
    async with open_house(places, folder, prefix, shoppers=SHOPPERS, engine=False) as made:
        made.command = (sys.executable, "-m", "fakes.model_house", *places, prefix, str(folder))
        yield made


async def _start(house: House, number: int) -> asyncio.subprocess.Process:
    """The engine, after so many others whose leases have ended."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])
    process = await asyncio.create_subprocess_exec(
        *house.command, str(number * (SETTINGS.lease_s + 1)),
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 120) == b"ready\n"
    return process


async def _kill_again_and_again(house: House, service: StubModel, chance: random.Random) -> None:
    """Each once it has asked the model something, at a moment by chance."""
    for number in range(KILLS):
        asked = len(service.asks)
        process = await _start(house, number)
        async with asyncio.timeout(120):
            while len(service.asks) == asked:
                await asyncio.sleep(0.02)
        await asyncio.sleep(chance.random() * 1.5)
        process.kill()
        await process.wait()


async def _answers(house: House) -> Counter[str]:
    async with house.ground.db.transaction(house.tenant_id) as connection:
        rows = await connection.fetch(
            "select conversation_id, body->>'text' as text from events"
            " where source = 'agent' and kind = 'message'"
        )
    assert {row["text"] for row in rows} <= {"Your order is cancelled. Goodbye!"}
    return Counter(str(row["conversation_id"]) for row in rows)


async def _keys(house: House) -> Counter[str]:
    """The shop's keys by turn."""
    async with house.ground.db.transaction(house.tenant_id) as connection:
        rows = await connection.fetch("select key from kv")
    return Counter(row["key"].partition(":")[0] for row in rows)


@pytest.mark.timeout(600 + 60 * KILLS)
async def test_that_no_model_turn_is_lost_or_acts_twice_however_often_it_is_killed(
    house: House,
) -> None:
    chance = random.Random(SEED)
    async with stub(cancels) as (service, port):
        await house.put_model("openai", port)
        killing = asyncio.create_task(_kill_again_and_again(house, service, chance))
        rounds = 0
        while not killing.done() or rounds == 0:
            rounds += 1
            for number in range(SHOPPERS):
                chat = await house.chat(number)
                await chat.say("Cancel my order, please")
                await chat.close()
            await asyncio.sleep(1.0)
        await killing
        process = await _start(house, KILLS)
        try:
            await _all_answered(house)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    answers, keys = await _answers(house), await _keys(house)
    async with house.ground.db.transaction(house.tenant_id) as connection:
        turns = await connection.fetch("select id, status from turns")
    assert {row["status"] for row in turns} == {"finished"}
    assert len(answers) == SHOPPERS
    assert sum(answers.values()) == len(turns)  # each turn answered, and once
    assert keys == Counter({str(row["id"]): 1 for row in turns})  # each acted, and once


async def _all_answered(house: House) -> None:
    waiting = "select count(*) from conversations where heard_offset > handled_offset"
    running = "select count(*) from turns where status = 'running'"
    async with asyncio.timeout(ROUND_SECONDS):
        while True:
            async with house.ground.db.transaction(house.tenant_id) as connection:
                left = await connection.fetchval(waiting) + await connection.fetchval(running)
            if not left:
                return
            await asyncio.sleep(0.2)
