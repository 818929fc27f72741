import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from hyperpersonal_core.conversations.timeline import Timeline
from hyperpersonal_core.conversations.values import NewMessage
from hyperpersonal_core.kit.bus import Bus, Delivery
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.envelope import Wake, decode
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.kit.outbox import INBOUND, Relay
from hyperpersonal_core.kit.tracing import Traces, traceparent
from opentelemetry.sdk.trace import TracerProvider

TENANT, OTHER, CHANNEL, CONTACT = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)


@pytest.fixture
async def shop(db: Database) -> Database:
    for tenant, slug in ((TENANT, "one"), (OTHER, "two")):
        async with db.transaction(tenant) as connection:
            await connection.execute(
                "insert into tenants (tenant_id, slug, name, created_at)"
                " values ($1, $2, $2, now())",
                tenant,
                slug,
            )
            await connection.execute(
                "insert into channels (tenant_id, id, kind, name, created_at)"
                " values ($1, $2, 'webchat', 'chat', now())",
                tenant,
                CHANNEL,
            )
            await connection.execute(
                "insert into contacts (tenant_id, id, created_at) values ($1, $2, now())",
                tenant,
                CONTACT,
            )
    return db


@pytest.fixture
async def relay(shop: Database, bus: Bus) -> Relay:
    return Relay(shop, bus, SystemClock())


@pytest.fixture
async def timeline(shop: Database, relay: Relay) -> AsyncIterator[Timeline]:
    made = Timeline(shop, relay, SystemClock(), Uuid7Ids())
    yield made
    await made.close()
    await relay.close()


def message(conversation: UUID, external_id: str, tenant: UUID = TENANT) -> NewMessage:
    body = {"text": f"text of {external_id}"}
    return NewMessage(tenant, conversation, CONTACT, external_id, body)


async def test_that_offsets_have_no_gaps(timeline: Timeline) -> None:
    conversation = await timeline.open(TENANT, CHANNEL, CONTACT)
    appended = await asyncio.gather(
        *(timeline.append(message(conversation, f"m{n}")) for n in range(600))
    )
    assert sorted(a.offset for a in appended) == list(range(1, 601))
    events = await timeline.read(TENANT, conversation, after=590)
    assert [event.offset for event in events] == list(range(591, 601))
    assert events[0].body["text"].startswith("text of m")


async def test_that_one_external_id_is_one_message(timeline: Timeline) -> None:
    conversation = await timeline.open(TENANT, CHANNEL, CONTACT)
    first, twin = await asyncio.gather(
        timeline.append(message(conversation, "same")),
        timeline.append(message(conversation, "same")),
    )
    later = await timeline.append(message(conversation, "same"))
    assert {first.event_id, twin.event_id, later.event_id} == {first.event_id}
    assert [first.fresh, twin.fresh, later.fresh] == [True, False, False]
    assert {first.offset, twin.offset, later.offset} == {1}


async def test_that_one_external_id_in_two_conversations_is_two(timeline: Timeline) -> None:
    one = await timeline.open(TENANT, CHANNEL, CONTACT)
    two = await timeline.open(OTHER, CHANNEL, CONTACT)
    first, second = await asyncio.gather(
        timeline.append(message(one, "m")), timeline.append(message(two, "m", OTHER))
    )
    assert first.fresh
    assert second.fresh
    assert first.event_id != second.event_id


async def test_that_a_strangers_conversation_is_refused_and_its_batch_is_not(
    timeline: Timeline,
) -> None:
    conversation = await timeline.open(TENANT, CHANNEL, CONTACT)
    stranger = NewMessage(TENANT, conversation, UUID(int=50), "m1", {"text": "who am I"})
    mine, *refused = await asyncio.gather(
        timeline.append(message(conversation, "m1")),
        timeline.append(message(UUID(int=99), "m2")),
        timeline.append(message(conversation, "m3", OTHER)),
        timeline.append(stranger),
        return_exceptions=True,
    )
    assert not isinstance(mine, BaseException)
    assert [type(error) for error in refused] == [NotFoundError] * 3
    assert len(await timeline.read(TENANT, conversation)) == 1


async def test_that_a_text_postgres_cannot_store_fails_alone(timeline: Timeline) -> None:
    conversation = await timeline.open(TENANT, CHANNEL, CONTACT)
    bad = NewMessage(TENANT, conversation, CONTACT, "bad", {"text": "nul \x00 inside"})
    refused, good = await asyncio.gather(
        timeline.append(bad), timeline.append(message(conversation, "ok")), return_exceptions=True
    )
    assert isinstance(refused, RefusedError)
    assert not isinstance(good, BaseException)
    assert good.offset == 1


@pytest.mark.parametrize("external_id", ["", "x" * 201])
async def test_that_a_bad_id_is_refused(timeline: Timeline, external_id: str) -> None:
    with pytest.raises(RefusedError):
        await timeline.append(message(UUID(int=5), external_id))


async def test_that_a_contact_has_one_open_conversation(timeline: Timeline) -> None:
    opened = await asyncio.gather(
        *(timeline.open(TENANT, CHANNEL, CONTACT) for _ in range(8)),
    )
    assert len(set(opened)) == 1
    assert await timeline.open(OTHER, CHANNEL, CONTACT) not in opened


@pytest.mark.parametrize(("channel", "contact"), [(UUID(int=77), CONTACT), (CHANNEL, UUID(int=77))])
async def test_that_an_unknown_channel_or_contact_opens_nothing(
    timeline: Timeline, channel: UUID, contact: UUID
) -> None:
    with pytest.raises(NotFoundError):
        await timeline.open(TENANT, channel, contact)


async def test_that_many_conversations_are_read_at_once(timeline: Timeline) -> None:
    one = await timeline.open(TENANT, CHANNEL, CONTACT)
    two = await timeline.open(OTHER, CHANNEL, CONTACT)
    await asyncio.gather(*(timeline.append(message(one, f"m{n}")) for n in range(3)))
    await timeline.append(message(two, "m", OTHER))
    read = await timeline.read_many([(TENANT, one, 1), (OTHER, two, 0), (OTHER, one, 0)])
    assert [[event.offset for event in events] for events in read] == [[2, 3], [1], []]
    assert await timeline.read_many([]) == []


class Ear:
    """Hears the wake-ups of a bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._heard: asyncio.Queue[Delivery] = asyncio.Queue()

    async def open(self) -> "Ear":
        await self._bus.subscribe(INBOUND, self._heard.put)
        return self

    async def all(self) -> list[tuple[Wake, ...]]:
        """Of each envelope that was told before, in order: ours comes after the last of them."""
        await self._bus.announce(INBOUND, b"the last")
        told = []
        async with asyncio.timeout(60):
            while (delivery := await self._heard.get()).payload != b"the last":
                told.append(decode(delivery.payload).wakes)
        return told


@pytest.fixture
async def ear(bus: Bus) -> Ear:
    return await Ear(bus).open()


async def test_that_a_batch_wakes_workers_with_one_envelope(
    timeline: Timeline, relay: Relay, ear: Ear, shop: Database
) -> None:
    conversation = await timeline.open(TENANT, CHANNEL, CONTACT)
    await asyncio.gather(*(timeline.append(message(conversation, f"m{n}")) for n in range(50)))
    await timeline.append(message(conversation, "m0"))  # known: wakes nobody
    await relay.settle()
    assert await ear.all() == [(Wake(TENANT, conversation, 50),)]
    async with shop.transaction() as connection:
        assert await connection.fetchval("select count(*) from outbox") == 0


async def test_that_a_wake_up_names_the_trace_of_its_own_message(
    timeline: Timeline, relay: Relay, ear: Ear
) -> None:
    conversation = await timeline.open(TENANT, CHANNEL, CONTACT)
    with Traces(TracerProvider().get_tracer("test")).span("message.receive"):
        mine = traceparent()
        await timeline.append(message(conversation, "traced"))
    await timeline.append(message(conversation, "untraced"))
    await relay.settle()
    assert [wake.traceparent for wakes in await ear.all() for wake in wakes] == [mine, ""]


async def test_that_messages_of_one_batch_keep_their_own_traces(
    timeline: Timeline, relay: Relay, ear: Ear
) -> None:
    traces = Traces(TracerProvider().get_tracer("test"))

    async def send(tenant: UUID, conversation: UUID) -> str:
        with traces.span("message.receive"):
            await timeline.append(message(conversation, "m", tenant))
            return traceparent()

    tenants = (TENANT, OTHER)
    places = [await timeline.open(tenant, CHANNEL, CONTACT) for tenant in tenants]
    mine = await asyncio.gather(*map(send, tenants, places))
    await relay.settle()
    (wakes,) = await ear.all()
    assert [wake.traceparent for wake in wakes] == list(mine)
