"""A worker that dies at any point: every message is answered once, every action is done once.

Dying is the loss of everything in memory: tasks end where they are, leases stay, nothing is said
goodbye to. Only PostgreSQL, NATS and the shop remain. `HP_KILLS` sets how often tasks are dropped
in this process (default 12), `HP_PROCESS_KILLS` how often a process gets SIGKILL (default 2).
"""

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
import pytest
from fakes.turn_process import SHOP, cancels, returns
from fakes.turns import TENANT, Calls, Rig
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.turns.turn import TurnSettings
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest
from msgspec import structs

KILLS = int(os.environ.get("HP_KILLS", "12"))
PROCESS_KILLS = int(os.environ.get("HP_PROCESS_KILLS", "2"))
CONVERSATIONS = 4 * KILLS
LEASE_S = 60.0  # no busy machine reaches its end: the clock is moved where a lease ends
SETTINGS = TurnSettings(
    lease_s=LEASE_S, deadline_s=120.0, sweep_every_s=0.1, debounce_ms=1.0, attempts_max=1_000
)
SEED = 7


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[Rig]:
    made = await Rig(db, bus, SETTINGS).prepare()
    yield made
    await made.stop()


async def _kill(rig: Rig) -> None:
    """The worker is gone, and so is the time its leases had."""
    await rig.kill()
    rig.clock.ahead += timedelta(seconds=LEASE_S + 1)


@pytest.mark.timeout(300 + 20 * KILLS)
async def test_that_a_killed_worker_loses_and_repeats_nothing(rig: Rig) -> None:
    chance = random.Random(SEED)

    async def pause() -> None:
        await asyncio.sleep(chance.random() * 0.03)

    rig.pause = pause
    await rig.agent("order", cancels)
    await rig.agent("return", returns)
    places = [await rig.conversation() for _ in range(CONVERSATIONS)]
    writing = asyncio.create_task(_write_all(rig, places, chance))
    for _ in range(KILLS):
        rig.start()
        while not (rig.host.calls or writing.done()):  # until it is at work, as long as there is
            await asyncio.sleep(0.005)
        await asyncio.sleep(chance.random() * 0.25)
        await _kill(rig)
    rig.start()
    await writing
    for place in places:
        await rig.wait_for(place, 1, ("message",))
    await rig.turns_over()
    keys = await _keys_of_answered_once(rig, places)
    assert keys == set(rig.shop.done)
    assert len(rig.shop.done) == 3 * len(places)
    asked_again = sum(rig.shop.asked.values()) - len(rig.shop.asked)
    print(f"\n{KILLS} kills, {len(places)} turns, {asked_again} writes sent again, 0 done twice")


async def _keys_of_answered_once(rig: Rig, places: list[UUID]) -> set[str]:
    """Every conversation has one message, three actions and one reply; the actions' keys."""
    keys: set[str] = set()
    for place in places:
        events = await rig.events(place)
        kinds = Counter((event.source, event.kind) for event in events)
        assert kinds == {("contact", "message"): 1, ("agent", "message"): 1, ("agent", "action"): 3}
        assert events[-1].body["text"] == "It was open.\n\nReturned as well."
        assert [event.offset for event in events] == [1, 2, 3, 4, 5]
        keys |= {event.body["key"] for event in events if event.kind == "action"}
    assert await _billed(rig) == [2] * len(places), "both agents of each turn, once"
    return keys


async def _billed(rig: Rig) -> list[int]:
    """How many calls of each turn will have receipts."""
    async with rig.db.transaction(TENANT) as connection:
        rows = await connection.fetch("select calls from receipts_due")
    return [len(msgspec.msgpack.decode(row["calls"])) for row in rows]


async def _write_all(rig: Rig, places: list[UUID], chance: random.Random) -> None:
    for place in places:
        await rig.write(place, "order 1", external_id="m1")
        await rig.write(place, "order 1", external_id="m1")
        await asyncio.sleep(chance.random() * 0.05)


@pytest.mark.timeout(300 + 60 * PROCESS_KILLS)
async def test_that_a_process_gone_by_sigkill_loses_and_repeats_nothing(
    rig: Rig, dsn: str, nats_url: str
) -> None:
    chance = random.Random(SEED)
    for label in ("order", "return"):
        await rig.agent(label, cancels)  # the process has its own scripts by the same digests
    owner = await asyncpg.connect(dsn)
    await owner.execute(SHOP)
    places = [await rig.conversation() for _ in range(20 * PROCESS_KILLS)]
    writing = asyncio.create_task(_write_all(rig, places, chance))
    for number in range(PROCESS_KILLS + 1):
        process = await _process(dsn, nats_url, rig.bus._prefix, number)
        if number < PROCESS_KILLS:
            await _at_work(owner, 3 * len(places))
            await asyncio.sleep(chance.random() * 0.6)
            process.kill()
            await process.wait()
    await writing
    for place in places:
        await rig.wait_for(place, 1, ("message",))
    process.kill()
    await process.wait()
    rows = await owner.fetch("select key, asked from shop_writes")
    await owner.close()
    assert await _keys_of_answered_once(rig, places) == {row["key"] for row in rows}
    again = sum(row["asked"] - 1 for row in rows)
    print(
        f"\n{PROCESS_KILLS} SIGKILLs, {len(places)} turns, {again} writes sent again, 0 done twice"
    )


async def _at_work(owner: asyncpg.Connection, acts: int) -> None:
    """Until the shop is asked for more, if not all of so many acts are done."""
    asked = "select coalesce(sum(asked), 0) from shop_writes"
    before = await owner.fetchval(asked)
    async with asyncio.timeout(60):
        while await owner.fetchval("select count(*) from shop_writes") < acts:
            if await owner.fetchval(asked) > before:
                break
            await asyncio.sleep(0.01)


async def _process(dsn: str, nats_url: str, prefix: str, seed: int) -> asyncio.subprocess.Process:
    tests = Path(__file__).parents[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fakes.turn_process", dsn, nats_url, prefix, str(seed),
        cwd=tests, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_that_a_turn_that_always_dies_ends_with_a_person(rig: Rig) -> None:
    async def hangs(request: TurnRequest, calls: Calls) -> TurnReply:
        await asyncio.Event().wait()
        return TurnReply("never")

    rig.settings = structs.replace(SETTINGS, attempts_max=2)
    await rig.agent("order", hangs)
    place = await rig.conversation()
    await rig.write(place, "order")
    for _ in range(2):
        rig.start()
        async with asyncio.timeout(60):
            while not rig.host.calls:
                await asyncio.sleep(0.02)
        await _kill(rig)
    rig.start()
    (notice,) = await rig.wait_for(place, 1)
    assert notice.body["reason"] == "failed"


async def test_that_a_closing_worker_gives_its_turns_to_the_next(rig: Rig) -> None:
    inside = asyncio.Event()

    async def slow_at_first(request: TurnRequest, calls: Calls) -> TurnReply:
        if not inside.is_set():
            inside.set()
            await asyncio.Event().wait()
        return TurnReply("here I am")

    rig.settings = TurnSettings(lease_s=600.0, sweep_every_s=0.1, close_s=0.1)
    await rig.agent("order", slow_at_first)
    place = await rig.conversation()
    await rig.write(place, "order")
    first = rig.start()
    await inside.wait()
    await first.close()
    rig.start()
    (reply,) = await rig.wait_for(place, 1)
    assert reply.body["text"] == "here I am"


async def test_that_a_long_turn_keeps_its_lease(rig: Rig) -> None:
    """It takes two leases by the clock, which is moved on whenever the lease was renewed."""

    async def long(request: TurnRequest, calls: Calls) -> TurnReply:
        for _ in range(4):
            rig.clock.ahead += timedelta(seconds=LEASE_S / 2)
            await _renewed(rig)
        return TurnReply("at last")

    await rig.agent("order", long)
    place = await rig.conversation()
    await rig.write(place, "order")
    rig.settings = structs.replace(SETTINGS, lease_s=0.6)  # how often it is renewed
    rig.start()._claims._settings = SETTINGS  # for how long
    (reply,) = await rig.wait_for(place, 1)
    assert reply.body["text"] == "at last"
    assert len(rig.host.calls) == 1


async def _renewed(rig: Rig) -> None:
    """Until the one lease is nearly whole again."""
    whole = rig.clock.now() + timedelta(seconds=LEASE_S - 20)
    async with asyncio.timeout(60):
        while await _leased_until(rig) < whole:
            await asyncio.sleep(0.02)


async def _leased_until(rig: Rig) -> datetime:
    async with rig.db.transaction(TENANT) as connection:
        until: datetime = await connection.fetchval("select lease_until from conversations")
    return until
