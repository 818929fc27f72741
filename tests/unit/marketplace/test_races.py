"""Two members, or a member and the updater, at the same moment; and processes that die in between.

`Gate` stands where a release is tried, which takes seconds: what others do meanwhile is done there.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fakes.keys import vault_of
from fakes.publishing import artifact, manifest
from hyperpersonal_core.api import (
    Installation,
    Installations,
    Kv,
    Lifecycle,
    RolloutPlan,
    RolloutRecords,
    RolloutStage,
)
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_marketplace.api import (
    Books,
    Installer,
    InstallRefusedError,
    LeftBehind,
    Policies,
    Rollouts,
    Updater,
)
from hyperpersonal_registry.api import Visibilities
from hyperpersonal_runtime.api import CallScope

from .conftest import Market

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KV = "kv:1KiB"
DEADLINE_S = 60
MEMBER = UUID(int=7)
CANARY = RolloutPlan(0, 1.0, (RolloutStage(0.5, 0.4),))


class Gate(Lifecycle):
    """A trial that goes on for as long as a test wants."""

    def __init__(self, market: Market) -> None:
        super().__init__(market.registry)
        self.begun, self.go, self.why = asyncio.Event(), asyncio.Event(), ""
        self.go.set()

    async def prepare(self, candidate: Installation, hook: str) -> None:
        self.begun.set()
        await self.go.wait()
        if self.why:
            raise RefusedError(self.why)


class Shop:
    """A tenant, its members' doors and the updater, as one process has them at a moment."""

    def __init__(self, market: Market, now: datetime = NOW) -> None:
        db, clock, ids = market.db, FixedClock(now), Uuid7Ids()
        self.market, self.tenant, self.db = market, market.tenant_id, db
        self.installations = Installations(db, clock, ids, vault_of(db))
        self.policies, self.left = Policies(db), LeftBehind(db, clock, market.vault)
        self.gate = Gate(market)
        books = Books(self.policies, self.left, Visibilities(db, clock))
        self.installer = Installer(market.registry, self.installations, self.gate, books)
        self.rollouts = Rollouts(self.installer, RolloutRecords(db, clock, ids))
        stores = (db, clock, market.registry, self.installations)
        self.updater = Updater(stores, self.installer, self.policies, self.left, self.rollouts)
        self.kv = Kv(db, clock)

    async def publish(self, version: str) -> None:
        await self.market.publish(artifact(manifest("acme/hello", version, ("knowledge:read", KV))))

    async def install(self) -> UUID:
        rights = ["knowledge:read", KV]
        return await self.installer.install(self.tenant, "acme/hello", grants=rights)

    async def present(self) -> Installation:
        (one,) = await self.installations.list(self.tenant)
        return one

    async def put(self, installed: UUID, key: str) -> None:
        scope = CallScope(str(self.tenant), str(installed))
        await self.kv.put(scope, key, '"kept"', 1_000)

    @asynccontextmanager
    async def while_tried(self, acting: Awaitable[Any]) -> AsyncIterator[asyncio.Future[Any]]:
        """`acting` stands in a trial within, and has ended behind."""
        self.gate.begun.clear()
        self.gate.go.clear()
        task = asyncio.ensure_future(acting)
        await asyncio.wait_for(self.gate.begun.wait(), DEADLINE_S)
        yield task
        self.gate.go.set()
        await asyncio.wait([task], timeout=DEADLINE_S)


@pytest.fixture
async def shop(market: Market) -> Shop:
    made = Shop(market)
    await made.publish("1.0.0")
    return made


async def test_that_what_is_pinned_while_an_update_is_tried_stays(shop: Shop) -> None:
    installed = await shop.install()
    await shop.publish("1.0.1")
    async with shop.while_tried(shop.installer.update(shop.tenant, installed)) as updating:
        await shop.policies.set(await shop.present(), "pin")
    with pytest.raises(InstallRefusedError) as refused:
        updating.result()
    assert (refused.value.reason, (await shop.present()).version) == ("pinned", "1.0.0")


async def test_that_nothing_is_taken_by_itself_under_a_policy_that_was_just_replaced(
    shop: Shop,
) -> None:
    await shop.install()
    await shop.publish("1.0.1")
    await shop.policies.set(await shop.present(), "latest")
    async with shop.while_tried(shop.updater.update(shop.tenant)) as updating:
        await shop.policies.set(await shop.present(), "off")
    assert (updating.result(), (await shop.present()).version) == (0, "1.0.0")
    await shop.policies.set(await shop.present(), "latest")
    assert await shop.updater.update(shop.tenant) == 1


async def test_that_the_updater_never_overtakes_a_rollout_that_was_just_begun(shop: Shop) -> None:
    installed, other = await shop.install(), Shop(shop.market)
    await shop.publish("1.0.1")
    await shop.policies.set(await shop.present(), "latest")
    async with shop.while_tried(shop.updater.update(shop.tenant)) as updating:
        await other.rollouts.start(shop.tenant, installed, "1.0.1", CANARY)
    assert (updating.result(), (await shop.present()).version) == (0, "1.0.0")
    assert await shop.rollouts.running(shop.tenant, installed)


async def test_that_a_rollout_begins_only_with_what_is_still_there(shop: Shop) -> None:
    installed = await shop.install()
    await shop.publish("1.0.1")
    starting = shop.rollouts.start(shop.tenant, installed, "1.0.1", CANARY)
    async with shop.while_tried(starting) as narrowed:
        await shop.installer.consent(shop.tenant, installed, ["knowledge:read", "kv:1B"])
    with pytest.raises(ConflictError, match="changed meanwhile"):
        narrowed.result()
    starting = shop.rollouts.start(shop.tenant, installed, "1.0.1", CANARY)
    async with shop.while_tried(starting) as pinned:
        await shop.policies.set(await shop.present(), "pin")
    with pytest.raises(InstallRefusedError, match="pinned"):
        pinned.result()
    assert await shop.rollouts.list(shop.tenant) == []


async def test_that_what_is_rolled_out_is_pinned_only_once_that_is_stopped(shop: Shop) -> None:
    installed = await shop.install()
    await shop.publish("1.0.1")
    one = await shop.rollouts.start(shop.tenant, installed, "1.0.1", CANARY)
    with pytest.raises(ConflictError, match=r"1\.0\.1 is being rolled out"):
        await shop.policies.set(await shop.present(), "pin")
    await shop.policies.set(await shop.present(), "off")
    await shop.rollouts.stop(shop.tenant, one.id, MEMBER)
    await shop.policies.set(await shop.present(), "pin")


async def test_that_a_rollout_of_what_was_removed_can_only_be_stopped(shop: Shop) -> None:
    installed = await shop.install()
    await shop.publish("1.0.1")
    one = await shop.rollouts.start(shop.tenant, installed, "1.0.1", CANARY)
    present = await shop.present()
    await shop.installer.uninstall(shop.tenant, installed)
    with pytest.raises(ConflictError, match="removed meanwhile"):
        await shop.rollouts.pause(shop.tenant, one.id, MEMBER)
    assert (await shop.rollouts.stop(shop.tenant, one.id, MEMBER)).state == "stopped"
    with pytest.raises(NotFoundError):
        await shop.policies.set(present, "latest")


async def test_that_what_is_being_tried_is_installed_only_when_it_was(shop: Shop) -> None:
    other = Shop(shop.market)
    async with shop.while_tried(shop.install()) as installing:
        assert await shop.installations.list(shop.tenant) == []
        with pytest.raises(ConflictError, match="just being installed"):
            await other.install()
    present = await shop.present()
    assert (present.id, present.enabled, present.position) == (installing.result(), True, 1)
    assert (await shop.policies.of(present)).asked == ("knowledge:read", KV)


async def test_that_an_install_whose_process_died_is_done_again_by_whoever_wants_it(
    shop: Shop,
) -> None:
    dead, later = shop.gate, Shop(shop.market, NOW + timedelta(minutes=2))
    async with shop.while_tried(shop.install()) as died:
        again = await later.install()
        assert (await shop.present()).id == again
    assert dead.go.is_set()
    with pytest.raises(NotFoundError):  # it was not dead after all, and comes too late
        died.result()
    assert ((await shop.present()).id, (await shop.present()).enabled) == (again, True)


async def test_that_what_a_plugin_kept_outlives_installs_that_come_to_nothing(shop: Shop) -> None:
    installed = await shop.install()
    await shop.put(installed, "color")
    await shop.installer.uninstall(shop.tenant, installed, "keep")
    shop.gate.why = "it traps"
    with pytest.raises(InstallRefusedError, match="it traps"):
        await shop.install()
    shop.gate.why = ""
    later = Shop(shop.market, NOW + timedelta(minutes=2))
    async with shop.while_tried(shop.install()):
        again = await later.install()
    assert await shop.kv.all(shop.tenant, again) == {"color": '"kept"'}
    await shop.installer.uninstall(shop.tenant, again, "delete")
    assert await shop.kv.all(shop.tenant, await shop.install()) == {}


async def test_that_of_two_who_remove_it_only_one_says_what_becomes_of_its_data(
    shop: Shop,
) -> None:
    installed = await shop.install()
    await shop.put(installed, "color")

    async def remove(data: Any) -> bool:
        try:
            await shop.installer.uninstall(shop.tenant, installed, data)
        except NotFoundError:
            return False
        return True

    for _ in range(10):
        kept, dropped = await asyncio.gather(remove("keep"), remove("delete"))
        assert kept != dropped
        installed = await shop.install()
        found = await shop.kv.all(shop.tenant, installed)
        assert found == ({"color": '"kept"'} if kept else {})
        await shop.put(installed, "color")
