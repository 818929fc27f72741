"""Takeovers against finishing turns, many at once: after the takeover no agent's word follows.

`HP_RACES` sets how many (default 1,000; 10,000 for the figure in the README).
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from fakes.turns import MEMBER, TENANT, Calls, Rig
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.turns.turn import TurnSettings
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest

RACES = int(os.environ.get("HP_RACES", "1000"))
AT_ONCE = 50
SEED = 20261122
SPREAD_S = 0.25


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[Rig]:
    made = await Rig(db, bus, TurnSettings(sweep_every_s=0.2, close_s=2.0)).prepare()
    yield made
    await made.stop()


@pytest.mark.timeout(60 + RACES // 20)
async def test_that_no_agents_reply_follows_a_takeover(rig: Rig) -> None:
    chance = random.Random(SEED)
    thinking: dict[str, asyncio.Event] = {}

    async def thinks(request: TurnRequest, calls: Calls) -> TurnReply:
        thinking[request.conversation_id].set()
        await asyncio.sleep(chance.random() * 0.01)
        return TurnReply("an answer")

    await rig.agent("order", thinks)
    rig.start()
    places = [await rig.conversation() for _ in range(RACES)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def race(place: UUID) -> None:
        async with gate:
            started = thinking[str(place)] = asyncio.Event()
            await rig.write(place, "order")
            await started.wait()
            await asyncio.sleep(chance.random() ** 2 * SPREAD_S)
            await rig.handoffs.take_over(TENANT, place, MEMBER)

    await asyncio.gather(*map(race, places))
    await asyncio.sleep(0.5)
    tails = [[e.source for e in await rig.events(place)] for place in places]
    strays = [tail for tail in tails if "agent" in tail[tail.index("member") :]]
    answered = sum("agent" in tail for tail in tails)
    print(f"\n{RACES} races: {answered} answered before the takeover, {len(strays)} after")
    assert strays == []
    assert 0.05 * RACES < answered < 0.95 * RACES, "the race must be one"
