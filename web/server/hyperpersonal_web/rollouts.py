"""Wires rollouts: what members start, and what watches over them."""

import asyncio
from contextlib import AsyncExitStack

from hyperpersonal_core.api import (
    BesideService,
    Judge,
    RecordedTurns,
    RolloutRecords,
    RolloutWatch,
    Shadow,
    TurnJournals,
)
from hyperpersonal_core.kit.requests import Requests
from hyperpersonal_marketplace.api import Rollouts
from hyperpersonal_runtime.api import Replayer

from hyperpersonal_web.ground import Ground, background
from hyperpersonal_web.market import Market
from hyperpersonal_web.walls import open_jail

GUEST_CACHE = "cache/guest"


def make_rollouts(ground: Ground, market: Market) -> Rollouts:
    """What a gateway offers."""
    return Rollouts(market.installer, RolloutRecords(ground.db, ground.clock, ground.ids))


async def watch_rollouts(stack: AsyncExitStack, ground: Ground, market: Market) -> None:
    """Judge canaries and run shadows while the stack is open."""
    records = RolloutRecords(ground.db, ground.clock, ground.ids)
    recorded = RecordedTurns(ground.db, TurnJournals(ground.db, ground.vault))
    quiet = QuietSandbox(stack, ground)
    around = (quiet.get, market.releases)
    shadow = Shadow(ground.db, recorded, records, ground.clock, around)
    judge = Judge(ground.db, records, ground.clock, market.releases)
    background(stack, RolloutWatch(records, judge, shadow).run())
    beside = BesideService(Requests(ground.bus), shadow)
    await beside.start()
    stack.push_async_callback(beside.close)


class QuietSandbox:
    """One sandbox worker with nothing connected to it, started when a shadow first needs it."""

    def __init__(self, stack: AsyncExitStack, ground: Ground) -> None:
        self._stack = stack
        self._settings = ground.settings
        self._replayer: Replayer | None = None
        self._starting = asyncio.Lock()

    async def get(self) -> Replayer:
        """The started replayer, the same for all shadows of this process."""
        async with self._starting:
            if self._replayer is None:
                jail = await open_jail(self._settings)
                made = Replayer(self._settings.data_dir / GUEST_CACHE, workers=1, jail=jail)
                await made.start()
                self._stack.push_async_callback(made.close)
                self._replayer = made
        return self._replayer
