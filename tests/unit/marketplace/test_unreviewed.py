"""Code that nobody reviewed: only where the shop accepted it, and never in the place of reviewed
code, whatever the registry's own keys sign."""

from pathlib import Path
from uuid import UUID

import pytest
from fakes.full_registry import REVIEWERS, FullRegistry
from fakes.keys import vault_of
from fakes.metered import tenant
from fakes.publishing import artifact, manifest
from hyperpersonal_core.api import HeldReleases, Installation, Installations
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_marketplace.api import (
    Books,
    Installer,
    InstallRefusedError,
    LeftBehind,
    Policies,
    Updater,
)
from hyperpersonal_registry import house
from hyperpersonal_registry.api import Visibilities

PLUGIN = "acme/hello"
GRANTS = ("knowledge:read",)


class Shop:
    """Two tenants of a host that believes the registry's metadata and no more."""

    def __init__(self, full: FullRegistry, db: Database) -> None:
        clock, vault = SystemClock(), vault_of(db)
        self.full, self.registry = full, full.new_host("shop")
        self.releases = HeldReleases(self.registry, clock)
        self.visibilities = Visibilities(db, clock)
        self.policies, left = Policies(db), LeftBehind(db, clock, vault)
        self.installations = Installations(db, clock, Uuid7Ids(), vault)
        books = Books(self.policies, left, self.visibilities)
        self.installer = Installer(self.registry, self.installations, None, books)
        stores = (db, clock, self.registry, self.installations)
        self.updater = Updater(stores, self.installer, self.policies, left)
        self.ours: UUID
        self.theirs: UUID

    async def publish(self, version: str, *, reviewed: bool) -> str:
        """A release; one without review is one the registry calls private."""
        seen, named = ("public", []) if reviewed else ("private", [self.ours, self.theirs])
        packed = artifact(manifest(PLUGIN, version))
        if not reviewed:
            await self.visibilities.set(PLUGIN, seen, named)  # type: ignore[arg-type]
        key = self.full.publisher.key
        found = await house.submit(self.full.registry, packed, key)
        if reviewed:
            found = await house.review(self.full.registry, packed, REVIEWERS[0])
        assert found.state == "published", found.why
        return found.digest

    async def installed(self, tenant_id: UUID) -> Installation:
        (one,) = await self.installations.list(tenant_id)
        return one

    async def runs(self, tenant_id: UUID) -> str:
        """The version a turn of the tenant would run; why not, where it would not."""
        one = await self.installed(tenant_id)
        try:
            return (await self.releases.load(one.digest, unreviewed=one.unreviewed)).version
        except RefusedError as error:
            return str(error.detail["reason"])


@pytest.fixture
async def shop(db: Database, tmp_path: Path) -> Shop:
    made = Shop(await FullRegistry.open(db, tmp_path), db)
    now = SystemClock().now()
    made.ours, made.theirs = await tenant(db, "ours", now), await tenant(db, "theirs", now)
    return made


async def refused(shop: Shop, tenant_id: UUID) -> str:
    with pytest.raises(InstallRefusedError) as error:
        await shop.installer.install(tenant_id, PLUGIN, grants=GRANTS)
    return error.value.reason


async def test_that_it_is_installed_where_it_was_accepted(shop: Shop) -> None:
    await shop.publish("1.0.0", reviewed=False)
    offer = await shop.installer.offer(PLUGIN, None, shop.ours)
    assert offer.unreviewed
    assert await refused(shop, shop.ours) == "unreviewed"
    assert not await shop.installations.list(shop.ours)
    await shop.installer.install(shop.ours, PLUGIN, grants=GRANTS, unreviewed=True)
    assert (await shop.installed(shop.ours)).unreviewed
    assert await shop.runs(shop.ours) == "1.0.0"
    assert await refused(shop, shop.theirs) == "unreviewed", "each shop says it for itself"
    await shop.publish("1.1.0", reviewed=False)
    await shop.installer.update(shop.ours, (await shop.installed(shop.ours)).id)
    assert await shop.runs(shop.ours) == "1.1.0", "it was accepted for releases to come"


async def test_that_what_was_accepted_of_reviewed_code_is_nothing(shop: Shop) -> None:
    """Who says it of a plugin that is reviewed has said nothing for later."""
    await shop.publish("1.0.0", reviewed=True)
    assert not (await shop.installer.offer(PLUGIN, None, shop.ours)).unreviewed
    await shop.installer.install(shop.ours, PLUGIN, grants=GRANTS, unreviewed=True)
    assert not (await shop.installed(shop.ours)).unreviewed
    await shop.publish("1.1.0", reviewed=False)
    with pytest.raises(InstallRefusedError, match="no reviewer stands for") as error:
        await shop.installer.update(shop.ours, (await shop.installed(shop.ours)).id)
    assert error.value.reason == "unreviewed"
    assert await shop.runs(shop.ours) == "1.0.0"


async def test_that_a_shop_which_follows_does_not_follow_there(shop: Shop) -> None:
    await shop.publish("1.0.0", reviewed=True)
    await shop.installer.install(shop.ours, PLUGIN, grants=GRANTS)
    one = await shop.installed(shop.ours)
    await shop.policies.set(one, "latest")
    await shop.publish("1.1.0", reviewed=False)
    assert await shop.updater.update(shop.ours) == 0
    told = await shop.policies.of(one)
    assert (told.tried, "no reviewer stands for" in told.tried_why) == ("1.1.0", True)
    assert await shop.runs(shop.ours) == "1.0.0"
    with pytest.raises(InstallRefusedError, match="no reviewer"):
        await shop.installer.candidate(shop.ours, one.id)


async def test_that_reviewed_code_takes_the_word_back(shop: Shop) -> None:
    """Once people stand for what runs, going back to code without them is asked again."""
    await shop.publish("1.0.0", reviewed=True)
    await shop.installer.install(shop.ours, PLUGIN, grants=GRANTS)
    one = await shop.installed(shop.ours)
    await shop.publish("1.1.0", reviewed=False)
    await shop.installer.update(shop.ours, one.id, unreviewed=True)
    assert await shop.runs(shop.ours) == "1.1.0"
    assert (await shop.installed(shop.ours)).unreviewed
    await shop.installer.rollback(shop.ours, one.id)
    assert not (await shop.installed(shop.ours)).unreviewed
    with pytest.raises(InstallRefusedError, match="no reviewer"):
        await shop.installer.rollback(shop.ours, one.id)
    assert await shop.runs(shop.ours) == "1.0.0"


async def test_that_one_shops_word_opens_no_other_shops_door(shop: Shop) -> None:
    """The row of the second shop is pointed at what the first one accepted: it does not run."""
    await shop.publish("1.0.0", reviewed=True)
    for who in (shop.ours, shop.theirs):
        await shop.installer.install(who, PLUGIN, grants=GRANTS)
    digest = await shop.publish("1.1.0", reviewed=False)
    ours = await shop.installed(shop.ours)
    await shop.installer.update(shop.ours, ours.id, unreviewed=True)
    assert await shop.runs(shop.ours) == "1.1.0"
    async with shop.full.db.transaction(shop.theirs) as connection:
        await connection.execute("update installations set digest = $1", digest)
    assert await shop.runs(shop.theirs) == "unreviewed"
    assert await shop.runs(shop.ours) == "1.1.0"
