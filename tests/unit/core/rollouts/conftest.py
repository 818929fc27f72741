"""A tenant with one scripted agent, its rollouts, and everything a judge needs."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from fakes.turns import TENANT, Rig
from hyperpersonal_core.api import (
    Candidate,
    Installation,
    Judge,
    Rollout,
    RolloutPlan,
    RolloutRecords,
    RolloutStage,
)
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_runtime.api import CallResult
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest

HALF = RolloutPlan(0, 1.0, (RolloutStage(0.5, 0.4),), settle_s=0.0)


async def old(request: TurnRequest, calls: object) -> TurnReply:
    return TurnReply("the old one", confidence=0.8)


async def new(request: TurnRequest, calls: object) -> TurnReply:
    return TurnReply("the new one", confidence=0.8)


async def broken(request: TurnRequest, calls: object) -> CallResult:
    return CallResult(Outcome.TRAPPED, detail="it fell over")


class Stage(Rig):
    """The rig with an agent `order`, two more releases of it, and rollouts that need no notice."""

    async def begin(self) -> None:
        await self.agent("order", old)
        self.scripts |= {"sha256:order2": new, "sha256:broken": broken}
        self.records = RolloutRecords(self.db, self.clock, self.ids, notice_s=0.0)
        self.judge = Judge(self.db, self.records, self.clock)
        self.start()

    async def present(self) -> Installation:
        (one,) = await self.installations.list(TENANT)
        return one

    async def roll_out(self, digest: str = "sha256:order2", plan: RolloutPlan = HALF) -> Rollout:
        """Begin, once every conversation that is written next begins in it."""
        present = await self.present()
        release = Candidate("2.0.0", digest, present.manifest, ("knowledge:read",))
        one = await self.records.begin(present, release, plan)
        await asyncio.sleep(0.005)
        return one

    async def talk(self, count: int) -> dict[UUID, str]:
        """So many new conversations: what each was told, by conversation."""
        places = [await self.conversation() for _ in range(count)]
        for place in places:
            await self.write(place, "my order")
        return {place: await self.said(place) for place in places}

    async def said(self, place: UUID, count: int = 1) -> str:
        told = await self.wait_for(place, count, ("message", "handoff"))
        return str(told[count - 1].body["text"])

    async def judged(self, one: Rollout) -> Rollout:
        found = await self.judge.look((TENANT, one.id))
        assert found is not None
        return found


@pytest.fixture
async def stage(db: Database, bus: Bus) -> AsyncIterator[Stage]:
    made = Stage(db, bus)
    await made.prepare()
    await made.begin()
    yield made
    await made.stop()
