"""A sandbox that runs any release in a world made up for it, at a time made up for it.

Who compares two releases runs both on one stage: then machine, clock, randomness and all answers
are the same, and what differs is the release.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from hyperpersonal_sdk.testing.fixtures import Fixture
from msgspec import structs

from hyperpersonal_runtime.calls import HookCall
from hyperpersonal_runtime.fixture_replay import FixtureReplays
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.replay.difference import Difference
from hyperpersonal_runtime.replay.trace import Asked, Trace
from hyperpersonal_runtime.testing import FakePorts, World, WorldFetcher

LANES = 4


class Stage:
    """Starts its sandbox at the first call.

    Args:
        cache: folder of compiled guests.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._world = World()
        self._now, self._chance = datetime.fromtimestamp(0, UTC), 0
        self._host: Host | None = None
        self._replays = FixtureReplays(cache)

    async def run(self, call: HookCall, world: World, now: datetime, chance: int = 0) -> Trace:
        """How one hook call goes in this world at this time; one call at a time. `chance`: the byte
        that its randomness is made of."""
        host = await self._started()
        for name, value in structs.asdict(world).items():
            setattr(self._world, name, value)
        self._now, self._chance = now, chance
        result = await host.call(call)
        release = call.release
        return Trace(
            "", f"{release.plugin_id}@{release.version}", call.hook, result.outcome,
            result.value.decode(), result.detail, result.logs,
            tuple(map(Asked.of, result.journal)), result.guest_cpu_ms,
        )  # fmt: skip

    async def prepare(self, call: HookCall) -> str:
        """Make a release ready; '' or why it cannot run here."""
        return await (await self._started()).prepare(call.release)

    async def replay(self, call: HookCall, fixture: Fixture) -> Sequence[Difference]:
        """What parts a release from what was recorded of it."""
        return await self._replays.differences(call, fixture)

    async def close(self) -> None:
        """Stop the sandboxes."""
        await self._replays.close()
        if self._host is not None:
            await self._host.close()

    async def _started(self) -> Host:
        if self._host is None:
            self._host = Host(
                self._cache, workers=1, lanes=LANES, now=lambda: self._now,
                random=lambda n: bytes([self._chance]) * n,
                fetcher=WorldFetcher(self._world),
            )  # fmt: skip
            await self._host.start(FakePorts(self._world).ports())
        return self._host
