"""Wires the marketplace: the registry, what tenants have of it, and what merchants find there."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial

from hyperpersonal_core.api import (
    Compositions,
    HeldReleases,
    Installations,
    Lifecycle,
    News,
    ReleaseStore,
    RemoteHost,
    RolloutRecords,
    StaticEmbedder,
    TurnJournals,
    tell,
)
from hyperpersonal_core.kit.jobs import Jobs
from hyperpersonal_core.kit.requests import Requests
from hyperpersonal_marketplace.api import (
    UPDATE_JOB,
    Books,
    BundleKeys,
    Bundles,
    Catalogue,
    Chooser,
    Installer,
    LeftBehind,
    Policies,
    Ratings,
    Rollouts,
    Runner,
    Shelf,
    Updater,
    Uses,
    Windows,
    keep_ranking,
)
from hyperpersonal_registry.api import (
    CHECK_JOB,
    Checking,
    CheckRunner,
    Looks,
    Registry,
    Visibilities,
)
from msgspec import Struct

from hyperpersonal_web.blobs import blobs_of
from hyperpersonal_web.ground import Ground, background
from hyperpersonal_web.walls import open_jail

GUEST_CACHE = "cache/guest"
ADVISORIES = "advisories.json"

Over = Callable[[ReleaseStore], ReleaseStore]


class Market(Struct, frozen=True):
    """Where plugins come from and what tenants have of them. `store`: what hosts load from."""

    registry: Registry
    store: ReleaseStore
    releases: HeldReleases
    installations: Installations
    installer: Installer
    lifecycle: Lifecycle
    books: Books


class Shop(Struct, frozen=True):
    """What merchants look at and say: one a gateway."""

    catalogue: Catalogue
    uses: Uses
    ratings: Ratings
    windows: Windows
    bundles: Bundles


def open_market(
    ground: Ground, over: Callable[[ReleaseStore], ReleaseStore] | None = None
) -> Market:
    """The registry over its store of artifacts, and the tenants' installations. `over`: puts a
    store of its own before the registry (the demo's, for releases under development)."""
    registry = _registry(ground)
    store = over(registry) if over else registry
    installations = Installations(ground.db, ground.clock, ground.ids, ground.vault)
    releases = HeldReleases(store, ground.clock)
    lifecycle = Lifecycle(releases, ground.bus)
    books = Books(
        Policies(ground.db),
        LeftBehind(ground.db, ground.clock, ground.vault),
        Visibilities(ground.db, ground.clock),
    )
    installer = Installer(registry, installations, lifecycle, books)
    return Market(registry, store, releases, installations, installer, lifecycle, books)


def _registry(ground: Ground) -> Registry:
    blobs, trust = blobs_of(ground.settings), ground.trust
    told = partial(tell, ground.bus, News())
    return Registry(
        ground.db, blobs, ground.clock, trust.signer, told,
        policy=trust.policy, metadata=trust.metadata, keeper=trust.keeper,
    )  # fmt: skip


async def open_checking(ground: Ground, registry: Registry) -> Checking:
    """The automatic checks; advisories newer than the shipped ones are put into the data folder."""
    folder, runner = ground.settings.data_dir, CheckRunner(jail=await open_jail(ground.settings))
    advisories = folder / ADVISORIES
    return Checking(registry, folder / GUEST_CACHE, advisories=advisories, runner=runner)


def with_sandboxes(ground: Ground, market: Market) -> Market:
    """The same, where releases are tried in the sandboxes of other processes."""
    journals = TurnJournals(ground.db, ground.vault)
    market.lifecycle.host = RemoteHost(Requests(ground.bus), journals)
    return market


def open_shop(stack: AsyncExitStack, ground: Ground, market: Market) -> Shop:
    """What merchants find, kept up to date while the stack is open."""
    visibilities = market.books.visibilities
    catalogue = Catalogue(market.registry, StaticEmbedder().embed, visibilities)
    background(stack, catalogue.keep_following())
    uses = Uses(ground.db, ground.clock)
    ratings = Ratings(ground.db, ground.clock, ground.ids, uses)
    background(stack, keep_ranking((uses, ratings), catalogue, ground.clock))
    stores = (market.registry, Looks(ground.db))
    windows = Windows(stores, catalogue, ratings, ground.clock)
    bundles = _bundles(ground, market, catalogue)
    background(stack, bundles.keep_resuming())
    return Shop(catalogue, uses, ratings, windows, bundles)


def _bundles(ground: Ground, market: Market, catalogue: Catalogue) -> Bundles:
    shelf = Shelf(market.registry, catalogue, market.books.visibilities)
    keys = BundleKeys(ground.db, ground.vault)
    tenants = (market.installations, market.books.policies)
    chooser = Chooser(shelf, market.registry, tenants, keys, ground.clock)
    switches = Compositions(ground.db, ground.ids)
    runner = Runner(market.installer, market.installations, switches)
    return Bundles(ground.db, ground.clock, ground.ids, ground.vault, (chooser, runner))


async def open_market_jobs(
    stack: AsyncExitStack, ground: Ground, market: Market, jobs: Jobs
) -> None:
    """What is counted and updated in the background."""
    stores = (ground.db, ground.clock, market.registry, market.installations)
    books, records = market.books, RolloutRecords(ground.db, ground.clock, ground.ids)
    rollouts = Rollouts(market.installer, records)
    updater = Updater(stores, market.installer, books.policies, books.left_behind, rollouts)
    jobs.register(UPDATE_JOB, updater.run)
    if ground.trust.metadata is not None:  # a report may publish: that takes the registry's keys
        checking = await open_checking(ground, market.registry)
        jobs.register(CHECK_JOB, checking.handle)
    await updater.plan()
    background(stack, Uses(ground.db, ground.clock).keep_counting())
