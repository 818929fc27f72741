"""What becomes of a plugin's own data when it goes, and when it comes back."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from fakes.publishing import artifact, manifest
from hyperpersonal_core.api import Kv
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_marketplace.api import Books, Installer, LeftBehind, Policies
from hyperpersonal_registry.api import Visibilities
from hyperpersonal_runtime.api import CallScope

from .conftest import Market

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KV = "kv:1KiB"


class Home:
    """An installed plugin that keeps something, at a moment."""

    def __init__(self, market: Market, now: datetime = NOW) -> None:
        clock = FixedClock(now)
        self.market, self.tenant = market, market.tenant_id
        self.left = LeftBehind(market.db, clock, market.vault)
        books = Books(Policies(market.db), self.left, Visibilities(market.db, clock))
        self.installer = Installer(market.registry, market.installations, None, books)
        self.kv = Kv(market.db, clock)

    async def install(self) -> UUID:
        return await self.installer.install(self.tenant, "acme/hello", grants=[KV])

    def scope(self, installed: UUID) -> CallScope:
        return CallScope(str(self.tenant), str(installed))


@pytest.fixture
async def home(market: Market) -> Home:
    await market.publish(artifact(manifest("acme/hello", asks=(KV,))))
    return Home(market)


async def furnished(home: Home) -> UUID:
    installed = await home.install()
    await home.kv.put(home.scope(installed), "color", '"red"', 1000)
    return installed


async def test_that_kept_data_come_back_with_the_plugin(home: Home) -> None:
    left = await home.installer.uninstall(home.tenant, await furnished(home), "keep")
    assert (left.plugin_id, left.grants, left.kv_keys) == ("acme/hello", (KV,), 1)
    assert left.kept_until == NOW + timedelta(days=30)
    assert await home.market.installations.list(home.tenant) == []
    again = await home.install()
    assert await home.kv.all(home.tenant, again) == {"color": '"red"'}
    await home.installer.uninstall(home.tenant, again, "delete")
    assert await home.kv.all(home.tenant, await home.install()) == {}


async def test_that_exported_data_are_given_out_and_gone(home: Home) -> None:
    left = await home.installer.uninstall(home.tenant, await furnished(home), "export")
    assert left.export is not None
    assert left.export.kv == {"color": '"red"'}
    assert left.kept_until is None
    assert await home.kv.all(home.tenant, await home.install()) == {}


async def test_that_nothing_comes_back_after_thirty_days(home: Home) -> None:
    await home.installer.uninstall(home.tenant, await furnished(home), "keep")
    later = Home(home.market, NOW + timedelta(days=30))
    assert await later.kv.all(home.tenant, await later.install()) == {}


async def test_that_what_was_kept_long_enough_is_forgotten(home: Home) -> None:
    await home.installer.uninstall(home.tenant, await furnished(home), "keep")
    assert await home.left.forget() == 0
    assert await Home(home.market, NOW + timedelta(days=31)).left.forget() == 1
    assert await home.kv.all(home.tenant, await home.install()) == {}


async def test_that_kept_data_are_sealed_and_one_tenants_only(home: Home) -> None:
    await home.installer.uninstall(home.tenant, await furnished(home), "keep")
    async with home.market.db.transaction(home.tenant) as connection:
        sealed = await connection.fetchval("select sealed from market.left_behind")
    assert b"red" not in sealed
    async with home.market.db.transaction(UUID(int=7)) as connection:
        assert await connection.fetchval("select count(*) from market.left_behind") == 0


async def test_that_what_is_not_there_cannot_be_removed(home: Home) -> None:
    with pytest.raises(NotFoundError):
        await home.installer.uninstall(home.tenant, UUID(int=9), "keep")
