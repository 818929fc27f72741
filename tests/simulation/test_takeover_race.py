"""Takeovers against finishing turns, many at once: after the takeover no agent's word follows.

`HP_RACES` sets how many (default 1,000; 10,000 for the figure in the README).
"""

import asyncio
import os
import random
import statistics
import time
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from fakes.turns import MEMBER, QUICK, TENANT, Calls, Rig
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest
from msgspec import structs

RACES = int(os.environ.get("HP_RACES", "1000"))
AT_ONCE = 50
SEED = 20261122
TOOK_S = 0.1  # a turn, where none has told yet


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[Rig]:
    made = await Rig(db, bus, structs.replace(QUICK, sweep_every_s=0.2)).prepare()
    yield made
    await made.stop()


class Races:
    """Of ten takeovers the first comes after the reply, and tells how long one takes here; the
    second comes while the agent is held; the others come at any moment of that time. So it is a
    race on a slow machine too."""

    def __init__(self, rig: Rig) -> None:
        self._rig, self._chance = rig, random.Random(SEED)
        self._thinking: dict[str, asyncio.Event] = {}
        self._free: dict[str, asyncio.Event] = {}
        self._took = [TOOK_S]

    async def thinks(self, request: TurnRequest, calls: Calls) -> TurnReply:
        """The agent."""
        self._thinking[request.conversation_id].set()
        await asyncio.sleep(self._chance.random() * 0.01)
        await self._free[request.conversation_id].wait()
        return TurnReply("an answer")

    async def run(self, number: int, place: UUID) -> None:
        """One takeover against one turn."""
        started = self._thinking[str(place)] = asyncio.Event()
        free = self._free[str(place)] = asyncio.Event()
        if number % 10 != 1:
            free.set()
        await self._rig.write(place, "order")
        await started.wait()
        await self._moment(number % 10, place)
        await self._rig.handoffs.take_over(TENANT, place, MEMBER)
        free.set()

    async def _moment(self, kind: int, place: UUID) -> None:
        if kind == 0:
            began = time.monotonic()
            await self._rig.wait_for(place, 1)
            self._took.append(time.monotonic() - began)
        elif kind > 1:
            usual = statistics.median(self._took[-9:])
            await asyncio.sleep(self._chance.random() * usual)


@pytest.mark.timeout(300 + RACES // 5)
async def test_that_no_agents_reply_follows_a_takeover(rig: Rig) -> None:
    races = Races(rig)

    await rig.agent("order", races.thinks)
    rig.start()
    places = [await rig.conversation() for _ in range(RACES)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def race(number: int, place: UUID) -> None:
        async with gate:
            await races.run(number, place)

    await asyncio.gather(*(race(*pair) for pair in enumerate(places)))
    await rig.turns_over()
    tails = [[e.source for e in await rig.events(place)] for place in places]
    strays = [tail for tail in tails if "agent" in tail[tail.index("member") :]]
    answered = sum("agent" in tail for tail in tails)
    print(f"\n{RACES} races: {answered} answered before the takeover, {len(strays)} after")
    assert strays == []
    assert 0.05 * RACES < answered < 0.95 * RACES, "the race must be one"
