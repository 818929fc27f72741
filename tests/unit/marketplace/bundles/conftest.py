import pytest
from hyperpersonal_core.api import Compositions, Installations, StaticEmbedder
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_marketplace.api import (
    Books,
    BundleKeys,
    Bundles,
    Catalogue,
    Choice,
    Chooser,
    Consent,
    Installer,
    LeftBehind,
    NoChoice,
    Policies,
    Runner,
    Shelf,
)
from hyperpersonal_registry.api import Visibilities

from ..conftest import Market, market

__all__ = ["market"]
EMBED = StaticEmbedder().embed


class Table:
    """A tenant that composes bundles of what is published in a market."""

    chooser: type[Chooser] = Chooser

    def __init__(self, market: Market, installer: Installer | None = None) -> None:
        clock, ids, db = SystemClock(), Uuid7Ids(), market.db
        self.market, self.db, self.tenant_id = market, db, market.tenant_id
        policies, seen = Policies(db), Visibilities(db, clock)
        self.books = Books(policies, LeftBehind(db, clock, market.vault), seen)
        self.installations: Installations = market.installations
        self.installer = installer or Installer(
            market.registry, market.installations, None, self.books
        )
        self.catalogue = Catalogue(market.registry, EMBED, seen)
        self.keys = BundleKeys(db, market.vault)
        self.compositions = Compositions(db, ids)
        shelf = Shelf(market.registry, self.catalogue, seen)
        tenants = (market.installations, policies)
        chooser = self.chooser(shelf, market.registry, tenants, self.keys, clock)
        runner = Runner(self.installer, market.installations, self.compositions)
        self.bundles = Bundles(db, clock, ids, market.vault, (chooser, runner))

    async def publish(self, *archives: bytes) -> None:
        for archive in archives:
            await self.market.publish(archive)
        await self.catalogue.follow()

    async def look(self, source: str) -> Choice:
        found = await self.bundles.look(self.tenant_id, source)
        assert isinstance(found, Choice), found
        return found

    async def why_not(self, source: str) -> NoChoice:
        found = await self.bundles.look(self.tenant_id, source)
        assert isinstance(found, NoChoice), found
        return found

    async def consent(self, source: str, **more: list[str]) -> Consent:
        """All that the plan's installs need; `more`: name -> further rights of `acme/name`."""
        plan = (await self.look(source)).plan
        grants = {
            step.plugin_id: [one.capability for one in step.permissions if not one.optional]
            for step in plan.steps
            if step.kind == "install"
        }
        for name, rights in more.items():
            grants.setdefault(f"acme/{name}", []).extend(rights)
        return Consent(plan.hash, grants)

    async def apply(self, source: str, **more: list[str]) -> str:
        run = await self.bundles.apply(self.tenant_id, source, await self.consent(source, **more))
        return run.state

    async def installed(self) -> dict[str, str]:
        """Name -> version of what is installed and enabled."""
        there = await self.installations.list(self.tenant_id)
        return {one.name: one.version for one in there if one.enabled}

    async def order(self) -> list[str]:
        """The agents that answer, in order."""
        bundle = await self.installations.bundle(self.tenant_id)
        return [card.name for card in bundle.cards]


@pytest.fixture
async def table(market: Market) -> Table:
    return Table(market)
