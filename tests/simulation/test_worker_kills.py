"""Sandbox workers that get SIGKILL at random, under load, with an agent that writes orders.

The whole line but the channel: turn worker, real sandboxes, PostgreSQL, NATS. `HP_KILLS` sets how
many workers are killed (default 12). The shop acts once per key, as a shop must; so a doubled
action would be a second key for the same act.
"""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from fakes.sandboxed import SandboxedRig
from fakes.turns import TENANT
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database

KILLS = int(os.environ.get("HP_KILLS", "12"))
TALKERS = 6
PAUSE_S = 1.4
SEED = 11
_KEYS = "select split_part(key, ':', 1), count(*) from kv where tenant_id = $1 group by 1"
_TURNS = "select conversation_id, id::text, outcome from turns where tenant_id = $1"


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[SandboxedRig]:
    made = SandboxedRig(db, bus, workers=2)
    await made.prepare()
    await made.begin()
    made.start()
    yield made
    await made.stop()
    await made.real.close()


class Load:
    """Shoppers who write again as soon as they were answered, until told to stop."""

    def __init__(self, rig: SandboxedRig) -> None:
        self._rig = rig
        self.places: list[UUID] = []
        self.over = asyncio.Event()

    async def talk(self) -> None:
        while not self.over.is_set():
            place = await self._rig.conversation()
            self.places.append(place)
            await self._rig.write(place, "cancel my order", external_id="m1")
            await self._rig.wait_for(place, 1, timeout=120)


async def _kill(rig: SandboxedRig, chance: random.Random) -> int:
    """One worker, at a moment by chance, while it works; again only once both are back."""
    while len(rig.real.worker_pids) < 2:
        await asyncio.sleep(0.01)
    await asyncio.sleep(chance.random() * PAUSE_S)
    pids = rig.real.worker_pids
    if not pids:
        return 0
    with contextlib.suppress(ProcessLookupError):
        os.kill(chance.choice(pids), signal.SIGKILL)
        return 1
    return 0


@pytest.mark.timeout(300 + 30 * KILLS)
async def test_that_killed_workers_lose_no_turn_and_repeat_no_action(rig: SandboxedRig) -> None:
    chance, load, kills = random.Random(SEED), Load(rig), 0
    talking = [asyncio.create_task(load.talk()) for _ in range(TALKERS)]
    while kills < KILLS:
        kills += await _kill(rig, chance)
        for task in talking:
            if task.done():
                task.result()
    load.over.set()
    await asyncio.gather(*talking)
    await _check(rig, load.places, kills)


async def _check(rig: SandboxedRig, places: list[UUID], kills: int) -> None:
    async with rig.db.transaction(TENANT) as connection:
        acts = dict(await connection.fetch(_KEYS, TENANT))
        turns = {row[0]: (row[1], row[2]) for row in await connection.fetch(_TURNS, TENANT)}
    assert set(turns) == set(places), "every message has one turn"
    assert set(acts) <= {turn_id for turn_id, _ in turns.values()}
    ends = Counter(outcome for _, outcome in turns.values())
    assert set(ends) <= {"answered", "handed_over", "declined", "clarifying"}, ends
    for place, (turn_id, outcome) in turns.items():
        told = [event for event in await rig.events(place) if event.source != "contact"]
        said = Counter(event.kind for event in told)
        assert said["message"] <= 1
        assert said["message"] + said["handoff"] >= 1, "nobody is left without a word"
        if outcome == "answered":
            assert acts[turn_id] == said["action"] == 2, "a cancelled order, a return"
        else:
            assert acts.get(turn_id, 0) <= 2
    print(f"\n{kills} workers killed, {len(places)} turns, 0 lost, 0 actions twice: {dict(ends)}")
