"""What every role stands on: database, bus, time, keys; and what runs beside its work."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from hyperpersonal_core.api import Timeline, seal_open_secrets
from hyperpersonal_core.kit import tasks
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import Clock, SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Ids, Uuid7Ids
from hyperpersonal_core.kit.outbox import Relay
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_core.kit.tracing import Traces
from hyperpersonal_core.kit.vault import Vault
from msgspec import Struct

from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.keys import open_vault
from hyperpersonal_web.traces import open_traces
from hyperpersonal_web.trusting import Trusting, open_trust


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
    trust: Trusting = Trusting()


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
    trust = await open_trust(stack, settings, db)
    if trust.keeper is not None:
        background(stack, trust.keeper.run())
    return Ground(settings, db, bus, relay, timeline, clock, ids, vault, traces, trust)


def background(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until the stack closes; when it fails, the process ends with its error."""
    task = asyncio.create_task(work)
    task.add_done_callback(_die_with(asyncio.get_running_loop()))

    stack.push_async_callback(tasks.end, [task])


def _die_with(loop: asyncio.AbstractEventLoop) -> Callable[[asyncio.Task[None]], None]:
    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            loop.call_exception_handler({"message": "a background part ended", "exception": error})

    return ended
