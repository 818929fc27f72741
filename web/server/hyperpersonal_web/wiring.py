"""The one place that knows everybody: builds the services of a process from its settings, by role.

Everything is opened on one exit stack, so a process closes in the opposite order of its start:
first it takes no more work, then it flushes, then it disconnects.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from uuid import UUID

from hyperpersonal_core.api import (
    IMPORT_ATTEMPTS_MAX,
    IMPORT_JOB,
    PRUNE_JOB,
    Backlogs,
    Channels,
    Contacts,
    Handoffs,
    HeldReleases,
    History,
    HostService,
    Imports,
    Inbound,
    Installations,
    JournalPruner,
    Knowledge,
    Kv,
    Lifecycle,
    Models,
    News,
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
    StaticEmbedder,
    Tenants,
    Timeline,
    Tools,
    TurnHistory,
    TurnJournals,
    TurnWorker,
    Understanding,
    seal_open_secrets,
    tell,
)
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import Clock, SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.hooks import open_hooks
from hyperpersonal_core.kit.ids import Ids, Uuid7Ids
from hyperpersonal_core.kit.jobs import Jobs
from hyperpersonal_core.kit.outbox import Relay
from hyperpersonal_core.kit.requests import Requests
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_core.kit.tracing import Traces
from hyperpersonal_core.kit.vault import Vault
from hyperpersonal_marketplace.api import Catalogue, Installer
from hyperpersonal_registry.api import FolderBlobs, Registry
from hyperpersonal_runtime.api import Fetcher, Host, ModelPort, PluginHost, Ports, Promotion
from msgspec import Struct

from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.http.chat import ChatService
from hyperpersonal_web.http.hub import Hub
from hyperpersonal_web.http.intake import Intake
from hyperpersonal_web.http.rates import Rates
from hyperpersonal_web.http.tokens import ContactTokens
from hyperpersonal_web.keys import open_vault, receipt_keys
from hyperpersonal_web.secret import server_secret
from hyperpersonal_web.traces import open_traces
from hyperpersonal_web.walls import Walls, open_jail

Progress = Callable[[str, float], None]

GUEST_CACHE = "cache/guest"
BLOBS = "blobs"


class Ground(Struct, frozen=True):
    """What every role stands on."""

    settings: Settings
    db: Database
    bus: Bus
    relay: Relay
    timeline: Timeline
    clock: Clock
    ids: Ids
    vault: Vault
    traces: Traces = Traces()


class Market(Struct, frozen=True):
    """Where plugins come from and what tenants have of them."""

    registry: Registry
    releases: HeldReleases
    installations: Installations
    installer: Installer
    lifecycle: Lifecycle


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


class Engine(Struct, frozen=True):
    """A running turn worker with its plugin host."""

    host: Host
    worker: TurnWorker


async def open_ground(stack: AsyncExitStack, settings: Settings, found: Addresses) -> Ground:
    """Connect to PostgreSQL, NATS and, where one is set, the trace collector; all close with the
    stack."""
    traces = open_traces(stack, settings.otlp_endpoint)
    clock, ids = SystemClock(), Uuid7Ids()
    db = await Database.open(found.database_url, size_max=settings.db_connections_max)
    stack.push_async_callback(db.close)
    bus = await Bus.connect(found.nats_url, settings.nats_prefix)
    stack.push_async_callback(bus.close)
    relay = Relay(db, bus, clock)
    stack.push_async_callback(relay.close)
    background(stack, relay.run())
    timeline = Timeline(db, relay, clock, ids)
    stack.push_async_callback(timeline.close)
    vault = open_vault(settings, db, clock)
    await seal_open_secrets(db, vault)
    return Ground(settings, db, bus, relay, timeline, clock, ids, vault, traces)


def open_understanding(ground: Ground) -> Understanding:
    """Memory and routing, with what the operator installed; models load at their first use."""
    return Understanding.build(ground.db, ground.clock, ground.ids, hooks=open_hooks())


def open_market(ground: Ground) -> Market:
    """The registry over the data folder's blobs, and the tenants' installations."""
    registry = _registry(ground)
    installations = Installations(ground.db, ground.clock, ground.ids, ground.vault)
    releases = HeldReleases(registry, ground.clock)
    lifecycle = Lifecycle(releases, ground.bus)
    installer = Installer(registry, installations, lifecycle)
    return Market(registry, releases, installations, installer, lifecycle)


def _registry(ground: Ground) -> Registry:
    blobs = FolderBlobs(ground.settings.data_dir / BLOBS)
    told = partial(tell, ground.bus, News())
    return Registry(ground.db, blobs, ground.clock, trust_changed=told)


async def open_gateway(stack: AsyncExitStack, ground: Ground, mind: Understanding) -> Gateway:
    """The services behind HTTP and WebSocket."""
    db, clock, ids = ground.db, ground.clock, ground.ids
    hub = Hub(ground.timeline, ground.bus)
    await hub.start()
    stack.push_async_callback(hub.close)
    walls = Walls(ground.bus)
    await walls.listen()
    tokens = ContactTokens(server_secret(ground.settings.secret, ground.settings.data_dir), clock)
    rates = Rates(ground.settings, clock)
    backlogs = Backlogs(db, ground.settings.backlog_max)
    background(stack, backlogs.run())
    people = (Channels(db, clock, ids), Contacts(db, clock, ids))
    registry = _registry(ground)
    return Gateway(
        db=db,
        bus=ground.bus,
        tenants=Tenants(db, clock, ids),
        handoffs=Handoffs(db, ground.relay, clock, ids),
        history=TurnHistory(db),
        recorded=RecordedTurns(db, TurnJournals(db, ground.vault)),
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
        registry=registry,
        catalogue=_open_catalogue(stack, registry),
    )


def _open_catalogue(stack: AsyncExitStack, registry: Registry) -> Catalogue:
    """What merchants find, kept up to date while the stack is open."""
    catalogue = Catalogue(registry, StaticEmbedder().embed)
    background(stack, catalogue.keep_following())
    return catalogue


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
    watch = ReleaseWatch(ground.bus, host, market.registry, market.releases.forget)
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
    stack: AsyncExitStack, ground: Ground, mind: Understanding, found: Addresses
) -> Jobs:
    """The background jobs of this deployment; slices register theirs here."""
    jobs = await Jobs.open(found.database_url)
    jobs.register(IMPORT_JOB, _imports(ground, mind).run, attempts_max=IMPORT_ATTEMPTS_MAX)
    pruner = JournalPruner(ground.db, ground.clock)
    jobs.register(PRUNE_JOB, pruner.run)
    await pruner.plan()
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


def background(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until the stack closes; when it fails, the process ends with its error."""
    task = asyncio.create_task(work)
    task.add_done_callback(_die_with(asyncio.get_running_loop()))

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(stop)


def _die_with(loop: asyncio.AbstractEventLoop) -> Callable[[asyncio.Task[None]], None]:
    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            loop.call_exception_handler({"message": "a background part ended", "exception": error})

    return ended
