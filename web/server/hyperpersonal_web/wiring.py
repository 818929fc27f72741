"""The one place that knows everybody: builds the services of a process from its settings, by role.

Everything is opened on one exit stack, so a process closes in the opposite order of its start:
first it takes no more work, then it flushes, then it disconnects.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

from hyperpersonal_core.api import Channels, Contacts, Inbound, Tenants, Timeline
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import Clock, SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Ids, Uuid7Ids
from hyperpersonal_core.kit.outbox import Relay
from hyperpersonal_core.kit.settings import Settings
from msgspec import Struct

from hyperpersonal_web.embedded.services import Addresses
from hyperpersonal_web.http.chat import ChatService
from hyperpersonal_web.http.hub import Hub
from hyperpersonal_web.http.intake import Intake
from hyperpersonal_web.http.tokens import ContactTokens
from hyperpersonal_web.secret import server_secret


class Ground(Struct, frozen=True):
    """What every role stands on."""

    settings: Settings
    db: Database
    bus: Bus
    relay: Relay
    timeline: Timeline
    clock: Clock
    ids: Ids


class Gateway(Struct, frozen=True):
    """What the HTTP handlers may ask for, by these names."""

    db: Database
    bus: Bus
    tenants: Tenants
    tokens: ContactTokens
    intake: Intake
    hub: Hub
    chat: ChatService


async def open_ground(stack: AsyncExitStack, settings: Settings, found: Addresses) -> Ground:
    """Connect to PostgreSQL and NATS; both close with the stack."""
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
    return Ground(settings, db, bus, relay, timeline, clock, ids)


async def open_gateway(stack: AsyncExitStack, ground: Ground) -> Gateway:
    """The services behind HTTP and WebSocket."""
    db, clock, ids = ground.db, ground.clock, ground.ids
    hub = Hub(ground.timeline, ground.bus)
    await hub.start()
    stack.push_async_callback(hub.close)
    tokens = ContactTokens(server_secret(ground.settings.secret, ground.settings.data_dir), clock)
    people = (Channels(db, clock, ids), Contacts(db, clock, ids))
    return Gateway(
        db=db,
        bus=ground.bus,
        tenants=Tenants(db, clock, ids),
        tokens=tokens,
        intake=Intake(Inbound(ground.timeline)),
        hub=hub,
        chat=ChatService(people, ground.timeline, tokens, hub),
    )


def background(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until the stack closes."""
    task = asyncio.create_task(work)

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(stop)
