from collections.abc import AsyncIterator

import pytest
from hyperpersonal_core.api import (
    Channels,
    Contacts,
    Inbound,
    NewChannel,
    NewMember,
    Tenants,
    Timeline,
    parse_inbound,
)
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError, UnauthenticatedError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.kit.outbox import Relay


@pytest.fixture
def channels(db: Database) -> Channels:
    return Channels(db, SystemClock(), Uuid7Ids())


@pytest.fixture
def tenants(db: Database) -> Tenants:
    return Tenants(db, SystemClock(), Uuid7Ids())


@pytest.fixture
async def timeline(db: Database, bus: Bus) -> AsyncIterator[Timeline]:
    relay = Relay(db, bus, SystemClock())
    made = Timeline(db, relay, SystemClock(), Uuid7Ids())
    yield made
    await made.close()
    await relay.close()


async def test_that_a_key_names_its_channel(channels: Channels, tenants: Tenants) -> None:
    shop = (await tenants.create_tenant("shop", "Shop")).id
    config = {"origins": ["https://shop.example"]}
    key = await channels.create_channel(shop, NewChannel("Web", config=config))
    scope = await channels.resolve(key)
    assert (scope.tenant_id, scope.kind, scope.name) == (shop, "webchat", "Web")
    assert scope.config == config
    assert await channels.channels(shop) == [scope]


async def test_that_a_members_key_is_no_channel(channels: Channels, tenants: Tenants) -> None:
    shop = (await tenants.create_tenant("shop", "Shop")).id
    member_key = await tenants.create_member(shop, NewMember("a@b.example", "A", "owner"))
    channel_key = await channels.create_channel(shop, NewChannel("Web"))
    for key in (member_key, "", "hpc_unknown"):
        with pytest.raises(UnauthenticatedError):
            await channels.resolve(key)
    with pytest.raises(UnauthenticatedError):
        await tenants.authenticate(channel_key)


async def test_that_bad_channels_are_refused(channels: Channels, tenants: Tenants) -> None:
    shop = (await tenants.create_tenant("shop", "Shop")).id
    for channel in (NewChannel(" "), NewChannel("Fax", kind="fax")):
        with pytest.raises(RefusedError):
            await channels.create_channel(shop, channel)
    with pytest.raises(NotFoundError):
        await channels.create_channel(Uuid7Ids().new(), NewChannel("Web"))


async def test_that_what_is_received_stands_on_the_timeline(
    channels: Channels, tenants: Tenants, timeline: Timeline, db: Database
) -> None:
    shop = (await tenants.create_tenant("shop", "Shop")).id
    scope = await channels.resolve(await channels.create_channel(shop, NewChannel("Web")))
    contact = await Contacts(db, SystemClock(), Uuid7Ids()).open(shop)
    conversation = await timeline.open(shop, scope.channel_id, contact.id)
    frame = {"id": "m1", "text": " Where is my order? ", "meta": {"page": "/orders"}}
    inbound = Inbound(timeline)
    first = await inbound.receive(scope, contact.id, conversation, parse_inbound(frame))
    again = await inbound.receive(scope, contact.id, conversation, parse_inbound(frame))
    assert (first.fresh, again.fresh, again.offset) == (True, False, first.offset)
    (event,) = await timeline.read(shop, conversation)
    assert event.body == {"text": "Where is my order?", "meta": {"page": "/orders"}}
    with pytest.raises(NotFoundError):
        await inbound.receive(scope, Uuid7Ids().new(), conversation, parse_inbound(frame))
