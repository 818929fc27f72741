"""A bundle that is applied, resumed or rolled back while others change the same shop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fakes.bundles import agent, text
from hyperpersonal_core.api import Installation, Lifecycle
from hyperpersonal_core.kit.errors import ConflictError, RefusedError
from hyperpersonal_marketplace.api import BundleRefusedError, Choice, Chooser, Installer, NoChoice

from .conftest import Table

KV, READ = "kv:1MiB", "knowledge:read"
BOTH = text("acme/one", "acme/two")
DEADLINE_S = 60


class Gate(Lifecycle):
    """A trial of one plugin that goes on for as long as a test wants, and may be refused."""

    def __init__(self, table: Table) -> None:
        super().__init__(table.market.registry)
        self.begun, self.go, self.at, self.why = asyncio.Event(), asyncio.Event(), "", ""

    async def prepare(self, candidate: Installation, hook: str) -> None:
        if candidate.plugin_id != self.at:
            return
        self.begun.set()
        await self.go.wait()
        if self.why:
            raise RefusedError(self.why)


class Slow(Table):
    """A table whose installs of `gate.at` stand still within `standing`."""

    def __init__(self, table: Table) -> None:
        self.gate = Gate(table)
        installer = Installer(table.market.registry, table.installations, self.gate, table.books)
        super().__init__(table.market, installer)

    @asynccontextmanager
    async def standing(self, at: str, acting: Awaitable[Any]) -> AsyncIterator[asyncio.Future[Any]]:
        self.gate.at = at
        task = asyncio.ensure_future(acting)
        await asyncio.wait_for(self.gate.begun.wait(), DEADLINE_S)
        yield task
        self.gate.go.set()
        await asyncio.wait([task], timeout=DEADLINE_S)


@pytest.fixture
async def slow(table: Table) -> Slow:
    await table.publish(agent("acme/one"), agent("acme/two"))
    made = Slow(table)
    await made.catalogue.follow()
    return made


async def widening(slow: Slow) -> str:
    """`one` is there under one right; a bundle would give it another, and install `two`."""
    await slow.publish(agent("acme/one", "1.1.0", asks=(READ,), optional=(KV,)))
    await slow.installer.install(slow.tenant_id, "acme/one", "1.0.0", grants=[READ])
    return BOTH


async def forget_hold(slow: Slow) -> None:
    """As if two minutes had passed since anybody worked on it."""
    async with slow.db.transaction(slow.tenant_id) as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await connection.execute("update market.bundle_runs set held_until = $1", past)


async def grants(slow: Slow) -> set[str]:
    one = await slow.installations.of_plugin(slow.tenant_id, "acme/one")
    assert one is not None
    return set(one.grants)


async def test_that_a_right_that_was_taken_does_not_come_back_with_a_resumed_run(
    slow: Slow,
) -> None:
    source = await widening(slow)
    slow.gate.why = "it traps"
    async with slow.standing("acme/two", slow.apply(source, one=[KV])) as applying:
        assert await grants(slow) == {READ, KV}
    with pytest.raises(BundleRefusedError, match="it traps"):
        applying.result()
    one = await slow.installations.of_plugin(slow.tenant_id, "acme/one")
    assert one is not None
    await slow.installer.consent(slow.tenant_id, one.id, [READ])
    slow.gate.why = ""
    assert (await slow.bundles.resume(slow.tenant_id)).state == "done"
    assert await grants(slow) == {READ}


async def test_that_what_was_removed_meanwhile_is_not_installed_again(slow: Slow) -> None:
    async with slow.standing("acme/two", slow.apply(BOTH)) as applying:
        one = await slow.installations.of_plugin(slow.tenant_id, "acme/one")
        assert one is not None
        await slow.installer.uninstall(slow.tenant_id, one.id)
    with pytest.raises(BundleRefusedError, match="acme/one was removed meanwhile"):
        applying.result()
    with pytest.raises(BundleRefusedError, match="acme/one was removed meanwhile"):
        await slow.bundles.resume(slow.tenant_id)
    assert (await slow.bundles.rollback(slow.tenant_id)).state == "rolled_back"
    assert await slow.order() == []


async def test_that_a_run_that_was_taken_over_switches_nothing(slow: Slow) -> None:
    async with slow.standing("acme/two", slow.apply(BOTH)) as applying:
        await forget_hold(slow)
        assert (await slow.bundles.rollback(slow.tenant_id)).state == "rolled_back"
    with pytest.raises(BundleRefusedError, match="taken over, ended"):
        applying.result()
    (run,) = await slow.bundles.runs(slow.tenant_id)
    assert (run.state, await slow.order(), await slow.installed()) == ("rolled_back", [], {})


async def test_that_nobody_rolls_back_what_is_worked_on(slow: Slow) -> None:
    async with slow.standing("acme/two", slow.apply(BOTH)) as applying:
        with pytest.raises(BundleRefusedError) as refused:
            await slow.bundles.rollback(slow.tenant_id)
        assert refused.value.reason == "under_way"
    assert (applying.result(), await slow.order()) == ("done", ["one", "two"])


async def test_that_a_rollback_that_was_begun_is_not_undone_by_itself(slow: Slow) -> None:
    await slow.publish(agent("acme/one", "1.1.0"))
    await slow.installer.install(slow.tenant_id, "acme/one", "1.0.0", grants=[READ])
    slow.gate.why = "it traps"
    async with slow.standing("acme/two", slow.apply(BOTH)) as applying:
        pass
    with pytest.raises(BundleRefusedError):
        applying.result()
    slow.gate.begun.clear()
    slow.gate.go.clear()
    async with slow.standing("acme/one", slow.bundles.rollback(slow.tenant_id)) as rolling:
        await forget_hold(slow)  # as if its process had died
        assert await slow.bundles.resume_all() == 0
        rolling.cancel()
    assert await slow.order() == ["one"], "as before"
    slow.gate.why = ""
    assert (await slow.bundles.rollback(slow.tenant_id)).state == "rolled_back"
    assert await slow.installed() == {"one": "1.0.0"}


async def test_that_of_two_rollbacks_at_once_one_goes_one_step_back(slow: Slow) -> None:
    assert await slow.apply(text("acme/one")) == "done"
    assert await slow.apply(BOTH) == "done"
    both = [slow.bundles.rollback(slow.tenant_id) for _ in range(2)]
    found = await asyncio.gather(*both, return_exceptions=True)
    assert [type(one) for one in found if isinstance(one, Exception)] in ([ConflictError], [])
    states = [run.state for run in await slow.bundles.runs(slow.tenant_id)]
    alone = any(isinstance(one, Exception) for one in found)
    assert states == (["rolled_back", "done"] if alone else ["rolled_back", "rolled_back"])
    assert await slow.order() == (["one"] if alone else [])


async def test_that_a_plan_is_of_what_is_there_when_it_is_begun(slow: Slow) -> None:
    said = await slow.consent(BOTH)

    class Beside(Chooser):
        """So slow that somebody installs something meanwhile."""

        async def choose(self, tenant_id: UUID, *rest: Any) -> Choice | NoChoice:
            found = await super().choose(tenant_id, *rest)
            await slow.installer.install(tenant_id, "acme/one", grants=[READ])
            return found

    class Busy(Table):
        chooser = Beside

    busy = Busy(slow.market)
    await busy.catalogue.follow()
    with pytest.raises(BundleRefusedError) as refused:
        await busy.bundles.apply(slow.tenant_id, BOTH, said)
    assert refused.value.reason == "plan_changed"
    assert await slow.bundles.runs(slow.tenant_id) == []
