"""The one place that knows everybody: builds the services of a process from its settings, by role.

Everything is opened on one exit stack, so a process closes in the opposite order of its start:
first it takes no more work, then it flushes, then it disconnects.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from uuid import UUID

from hyperpersonal_core.api import (
    IMPORT_ATTEMPTS_MAX,
    IMPORT_JOB,
    PRUNE_JOB,
    Backlogs,
    BesideAsker,
    Channels,
    Contacts,
    Handoffs,
    History,
    HostService,
    Imports,
    Inbound,
    Installations,
    JournalPruner,
    Knowledge,
    Kv,
    Models,
    NoModel,
    Plugins,
    ReceiptSealer,
    RecordedTurns,
    ReleaseWatch,
    RemoteHost,
    RouteAsk,
    Rules,
    Secrets,
    Services,
    Tenants,
    Tools,
    TurnHistory,
    TurnJournals,
    TurnWorker,
    Understanding,
)
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.hooks import open_hooks
from hyperpersonal_core.kit.jobs import Jobs
from hyperpersonal_core.kit.requests import Requests
from hyperpersonal_marketplace.api import (
    Bundles,
    Catalogue,
    Composer,
    GrantUses,
    Installer,
    Policies,
    Ratings,
    Rollouts,
    Uses,
    Windows,
)
from hyperpersonal_registry.api import DomainProofs, Registry, Renewal, Visibilities
from hyperpersonal_runtime.api import Fetcher, Host, ModelPort, PluginHost, Ports, Promotion
from msgspec import Struct

from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.ground import Ground, background, open_ground
from hyperpersonal_web.http.chat import ChatService
from hyperpersonal_web.http.hub import Hub
from hyperpersonal_web.http.intake import Intake
from hyperpersonal_web.http.rates import Rates
from hyperpersonal_web.http.registry_tokens import RegistryTokens
from hyperpersonal_web.http.tokens import ContactTokens
from hyperpersonal_web.keys import receipt_keys
from hyperpersonal_web.market import (
    Market,
    open_market,
    open_market_jobs,
    open_shop,
    with_sandboxes,
)
from hyperpersonal_web.reviewing import Reviewing
from hyperpersonal_web.rollouts import make_rollouts, watch_rollouts
from hyperpersonal_web.secret import server_secret
from hyperpersonal_web.trusting import open_proofs
from hyperpersonal_web.walls import Walls, open_jail
from hyperpersonal_web.witnessing import ask_witnesses

__all__ = ["Ground", "Market", "background", "open_ground", "open_market"]

Progress = Callable[[str, float], None]

GUEST_CACHE = "cache/guest"


class Gateway(Struct, frozen=True):
    """What the HTTP handlers may ask for, by these names."""

    db: Database
    bus: Bus
    tenants: Tenants
    handoffs: Handoffs
    history: TurnHistory
    recorded: RecordedTurns
    knowledge: Knowledge
    imports: Imports
    examples: History
    rules: Rules
    tokens: ContactTokens
    intake: Intake
    hub: Hub
    rates: Rates
    chat: ChatService
    walls: Walls
    registry: Registry
    catalogue: Catalogue
    installations: Installations
    installer: Installer
    policies: Policies
    visibilities: Visibilities
    uses: Uses
    ratings: Ratings
    grant_uses: GrantUses
    windows: Windows
    registry_tokens: RegistryTokens
    reviewing: Reviewing
    proofs: DomainProofs
    bundles: Bundles
    composer: Composer
    rollouts: Rollouts
    beside: BesideAsker


class Engine(Struct, frozen=True):
    """A running turn worker with its plugin host."""

    host: Host
    worker: TurnWorker


def open_understanding(ground: Ground) -> Understanding:
    """Memory and routing, with what the operator installed; models load at their first use."""
    return Understanding.build(ground.db, ground.clock, ground.ids, hooks=open_hooks())


async def open_gateway(
    stack: AsyncExitStack, ground: Ground, mind: Understanding, market: Market | None = None
) -> Gateway:
    """The services behind HTTP and WebSocket. `market`: of this process, where it has sandboxes."""
    db, clock, ids = ground.db, ground.clock, ground.ids
    hub = Hub(ground.timeline, ground.bus)
    await hub.start()
    stack.push_async_callback(hub.close)
    walls = Walls(ground.bus)
    await walls.listen()
    secret = server_secret(ground.settings.secret, ground.settings.data_dir)
    tokens = ContactTokens(secret, clock)
    rates = Rates(ground.settings, clock)
    backlogs = Backlogs(db, ground.settings.backlog_max)
    background(stack, backlogs.run())
    people = (Channels(db, clock, ids), Contacts(db, clock, ids))
    market = market or with_sandboxes(ground, open_market(ground))
    shop = open_shop(stack, ground, market)
    recorded = RecordedTurns(db, TurnJournals(db, ground.vault))
    return Gateway(
        db=db,
        bus=ground.bus,
        tenants=Tenants(db, clock, ids),
        handoffs=Handoffs(db, ground.relay, clock, ids),
        history=TurnHistory(db),
        recorded=recorded,
        knowledge=mind.knowledge,
        imports=_imports(ground, mind),
        examples=mind.history,
        rules=mind.rules,
        tokens=tokens,
        intake=Intake(Inbound(ground.timeline), ground.traces, rates, backlogs),
        hub=hub,
        rates=rates,
        chat=ChatService(people, (ground.timeline, hub), tokens, rates),
        walls=walls,
        registry=market.registry,
        catalogue=shop.catalogue,
        installations=market.installations,
        installer=market.installer,
        policies=market.books.policies,
        visibilities=market.books.visibilities,
        uses=shop.uses,
        ratings=shop.ratings,
        windows=shop.windows,
        registry_tokens=RegistryTokens(secret, clock),
        reviewing=Reviewing.over(market.registry, market.installations, ids),
        proofs=open_proofs(stack, ground.settings),
        grant_uses=GrantUses(recorded, clock),
        bundles=shop.bundles,
        composer=Composer(
            shop.bundles, market.installations, mind.rules, mind.router.decide, clock
        ),
        rollouts=make_rollouts(ground, market),
        beside=BesideAsker(Requests(ground.bus)),
    )


async def open_engine(
    stack: AsyncExitStack,
    ground: Ground,
    mind: Understanding,
    market: Market,
    progress: Progress = lambda stage, fraction: None,
) -> Engine:
    """The plugin host with its sandboxes, and the turn worker that calls it; both run."""
    host, journals = await _open_host(stack, ground, mind, market, progress)
    worker = TurnWorker(_services(ground, mind, market, (host, journals)))
    background(stack, worker.run())
    stack.push_async_callback(worker.close)
    return Engine(host, worker)


def open_worker(
    stack: AsyncExitStack, ground: Ground, mind: Understanding, market: Market
) -> TurnWorker:
    """A running turn worker whose sandboxes are in the `runtime` processes."""
    journals = TurnJournals(ground.db, ground.vault)
    market.lifecycle.host = host = RemoteHost(Requests(ground.bus), journals)
    worker = TurnWorker(_services(ground, mind, market, (host, journals)))
    background(stack, worker.run())
    stack.push_async_callback(worker.close)
    return worker


async def open_runtime(
    stack: AsyncExitStack, ground: Ground, mind: Understanding, market: Market
) -> HostService:
    """The plugin host with its sandboxes, serving the turn workers of other processes."""
    host, journals = await _open_host(stack, ground, mind, market)
    service = HostService(Requests(ground.bus), host, market.releases, journals)
    await service.start()
    stack.push_async_callback(service.close)
    return service


async def _open_host(
    stack: AsyncExitStack,
    ground: Ground,
    mind: Understanding,
    market: Market,
    progress: Progress = lambda stage, fraction: None,
) -> tuple[Host, TurnJournals]:
    settings = ground.settings
    fetcher = Fetcher(private_hosts=settings.private_hosts.replace(",", " ").split())
    jail = await open_jail(ground.settings)
    host = Host(
        settings.data_dir / GUEST_CACHE,
        progress=progress,
        jail=jail,
        fetcher=fetcher,
        tracer=ground.traces.tracer,
        promotion=Promotion(settings.promote_calls) if settings.promote_calls else None,
    )
    journals = TurnJournals(ground.db, ground.vault)
    plugins = Plugins(host, market.installations, market.releases, journals)
    models = Models.build((ground.db, ground.bus, ground.clock), plugins)
    background(stack, models.watch())
    await host.start(open_ports(ground, mind, market, (host, journals), models))
    stack.push_async_callback(host.close)
    market.lifecycle.host = host
    watch = ReleaseWatch(
        ground.bus, host, market.store, market.releases.forget, ground.trust.refresh
    )
    background(stack, watch.run())
    background(stack, Walls(ground.bus).tell(jail.tier))
    return host, journals


def open_ports(
    ground: Ground,
    mind: Understanding,
    market: Market,
    running: tuple[Host, TurnJournals],
    models: ModelPort | None = None,
) -> Ports:
    """What the sandboxes of a host may reach, each behind its port; `models` None: no
    language model answers."""
    host, journals = running
    return Ports(
        memory=mind.memory,
        tools=Tools(host, market.installations, market.releases, journals),
        kv=Kv(ground.db, ground.clock),
        model=models or NoModel(),
        secrets=Secrets(ground.db, ground.vault, ground.clock, journals.bundle_version),
        journal=journals,
    )


async def open_jobs(
    stack: AsyncExitStack,
    ground: Ground,
    mind: Understanding,
    found: Addresses,
    market: Market | None = None,
) -> Jobs:
    """The background jobs of this deployment; slices register theirs here. `market`: of this
    process, where it has sandboxes."""
    jobs = await Jobs.open(found.database_url)
    jobs.register(IMPORT_JOB, _imports(ground, mind).run, attempts_max=IMPORT_ATTEMPTS_MAX)
    pruner = JournalPruner(ground.db, ground.clock)
    jobs.register(PRUNE_JOB, pruner.run)
    await pruner.plan()
    market = market or with_sandboxes(ground, open_market(ground))
    await open_market_jobs(stack, ground, market, jobs)
    await watch_rollouts(stack, ground, market)
    if ground.trust.metadata is not None:
        background(stack, Renewal(market.registry.ground).run())
        ask_witnesses(stack, ground.settings, market.registry)
    stack.push_async_callback(jobs.close)
    background(stack, jobs.run())
    background(stack, ReceiptSealer(ground.db, receipt_keys(ground.settings)).run())
    return jobs


async def warm(mind: Understanding, market: Market, tenant_id: UUID) -> None:
    """Load the models and train the tenant's router before its first shopper writes."""
    cards = (await market.installations.bundle(tenant_id)).cards
    await mind.router.decide(RouteAsk(tenant_id, "Where is my order?", cards))


def _services(
    ground: Ground, mind: Understanding, market: Market, running: tuple[PluginHost, TurnJournals]
) -> Services:
    host, journals = running
    return Services(
        db=ground.db,
        bus=ground.bus,
        relay=ground.relay,
        clock=ground.clock,
        ids=ground.ids,
        host=host,
        installations=market.installations,
        releases=market.releases,
        journals=journals,
        recall=mind.recall,
        router=mind.router,
        traces=ground.traces,
    )


def _imports(ground: Ground, mind: Understanding) -> Imports:
    return Imports(ground.db, mind.knowledge, ground.clock, ground.ids)
