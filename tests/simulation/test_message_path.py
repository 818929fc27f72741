"""The way in under trouble: many writers, duplicates, crashes, lost services.

What must hold: offsets without gaps, each external id once, whatever was answered is there, and
every fresh message wakes the workers in the end.
"""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from hyperpersonal_core.api import Contacts, NewMessage, Tenants, Timeline
from hyperpersonal_core.kit.bus import Bus, Delivery
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.envelope import decode
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.kit.outbox import INBOUND, Relay
from hyperpersonal_web.embedded.nats import EmbeddedNats

SEED = int(os.environ.get("HP_TEST_SEED", "7"))
MESSAGES = int(os.environ.get("HP_TEST_MESSAGES", "1500"))
CHANNEL = UUID(int=3)

HANG_UP = """select pg_terminate_backend(pid) from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid()"""
WAITING = """select count(*) from pg_locks join pg_database d on d.oid = database
 where datname = current_database() and not granted"""

Talk = tuple[UUID, UUID, UUID]  # tenant, conversation, contact


def timeline_of(db: Database, bus: Bus) -> tuple[Timeline, Relay]:
    relay = Relay(db, bus, SystemClock())
    return Timeline(db, relay, SystemClock(), Uuid7Ids()), relay


@pytest.fixture
async def talks(db: Database, bus: Bus) -> list[Talk]:
    """Twelve conversations of three tenants."""
    clock, ids = SystemClock(), Uuid7Ids()
    timeline, _ = timeline_of(db, bus)
    made: list[Talk] = []
    for slug in ("one", "two", "three"):
        tenant = (await Tenants(db, clock, ids).create_tenant(slug, slug)).id
        async with db.transaction(tenant) as connection:
            await connection.execute(
                "insert into channels (tenant_id, id, kind, name, created_at)"
                " values ($1, $2, 'webchat', 'chat', now())", tenant, CHANNEL,
            )  # fmt: skip
        for _ in range(4):
            contact = (await Contacts(db, clock, ids).open(tenant)).id
            made.append((tenant, await timeline.open(tenant, CHANNEL, contact), contact))
    return made


@pytest.fixture
async def heard(bus: Bus) -> AsyncIterator[dict[UUID, int]]:
    """The newest offset the bus told of each conversation."""
    newest: dict[UUID, int] = {}

    async def hear(delivery: Delivery) -> None:
        for wake in decode(delivery.payload).wakes:
            newest[wake.conversation_id] = max(wake.offset, newest.get(wake.conversation_id, 0))

    subscription = await bus.subscribe(INBOUND, hear)
    yield newest
    await subscription.close()


def message(talk: Talk, external_id: str) -> NewMessage:
    tenant, conversation, contact = talk
    return NewMessage(tenant, conversation, contact, external_id, {"text": external_id})


async def assert_whole(db: Database, talks: list[Talk], sent: dict[UUID, set[str]]) -> None:
    """Gapless offsets, every sent id once, counters that agree."""
    for tenant, conversation, _ in talks:
        async with db.transaction(tenant) as connection:
            rows = await connection.fetch(
                'select "offset", external_id from events'
                ' where tenant_id = $1 and conversation_id = $2 order by "offset"',
                tenant,
                conversation,
            )
            counters = await connection.fetchrow(
                "select last_offset, heard_offset from conversations"
                " where tenant_id = $1 and id = $2",
                tenant,
                conversation,
            )
        assert [row["offset"] for row in rows] == list(range(1, len(rows) + 1))
        assert sorted(row["external_id"] for row in rows) == sorted(sent.get(conversation, set()))
        assert counters["last_offset"] == counters["heard_offset"] == len(rows)


async def becomes(heard: dict[UUID, int], wanted: dict[UUID, int]) -> None:
    """What was published is heard a little later."""
    async with asyncio.timeout(60):
        while heard != wanted:
            await asyncio.sleep(0.02)


async def outbox_rows(db: Database) -> int:
    async with db.transaction() as connection:
        count: int = await connection.fetchval("select count(*) from outbox")
    return count


@pytest.mark.timeout(400)
async def test_that_many_writers_and_duplicates_leave_one_gapless_line(
    db: Database, bus: Bus, talks: list[Talk], heard: dict[UUID, int]
) -> None:
    """Three gateways (as three processes would be) append, a third of it twice or more."""
    dice = random.Random(SEED)
    gateways = [timeline_of(db, bus) for _ in range(3)]
    sent: dict[UUID, set[str]] = {}
    answers: dict[tuple[UUID, str], set[tuple[UUID, int]]] = {}

    async def write(n: int) -> None:
        talk = dice.choice(talks)
        external_id = f"m{n}"
        sent.setdefault(talk[1], set()).add(external_id)
        copies = dice.choice((1, 1, 1, 1, 2, 3))
        await asyncio.sleep(dice.random() * 0.2)
        appended = await asyncio.gather(
            *(dice.choice(gateways)[0].append(message(talk, external_id)) for _ in range(copies))
        )
        assert sum(a.fresh for a in appended) == 1
        answers[(talk[1], external_id)] = {(a.event_id, a.offset) for a in appended}

    await asyncio.gather(*(write(n) for n in range(MESSAGES)))
    assert all(len(places) == 1 for places in answers.values())
    for timeline, relay in gateways:
        await timeline.close()
        await relay.settle()
    await assert_whole(db, talks, sent)
    while await outbox_rows(db):  # what the bus was too slow to acknowledge, or was one too many
        await gateways[0][1].sweep(age_s=0)
    await becomes(heard, {conversation: len(ids) for conversation, ids in sent.items()})


DIES_AFTER_COMMIT = """
import asyncio, os, sys
from uuid import UUID
from hyperpersonal_core.api import NewMessage, Timeline
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Uuid7Ids

class Dies:
    def hurry(self, row_id, subject, payload):
        os._exit(9)  # the batch is committed, nothing was published

async def main():
    dsn, tenant, conversation, contact = sys.argv[1:]
    db = await Database.open(dsn)
    timeline = Timeline(db, Dies(), SystemClock(), Uuid7Ids())
    ids = (UUID(tenant), UUID(conversation), UUID(contact))
    batch = [NewMessage(*ids, f"m{n}", {"text": "x"}) for n in range(20)]
    await asyncio.gather(*map(timeline.append, batch))

asyncio.run(main())
"""


async def test_that_a_crash_between_commit_and_publish_only_delays(
    db: Database, bus: Bus, dsn: str, talks: list[Talk], heard: dict[UUID, int]
) -> None:
    talk = talks[0]
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", DIES_AFTER_COMMIT, dsn, *map(str, talk)],
        timeout=100,
        check=False,
    )
    assert done.returncode == 9
    assert await outbox_rows(db) == 1
    timeline, relay = timeline_of(db, bus)
    assert await relay.sweep(age_s=600) == 0  # young rows belong to whoever wrote them
    assert await relay.sweep(age_s=0) == 1
    await becomes(heard, {talk[1]: 20})
    assert await outbox_rows(db) == 0
    # the shopper's browser never got an answer, so it sends all of it again
    again = await asyncio.gather(*(timeline.append(message(talk, f"m{n}")) for n in range(20)))
    assert not any(appended.fresh for appended in again)
    await assert_whole(db, talks, {talk[1]: {f"m{n}" for n in range(20)}})


async def test_that_two_relays_sending_the_same_row_store_it_once(
    db: Database, bus: Bus, talks: list[Talk], heard: dict[UUID, int]
) -> None:
    told: list[Delivery] = []
    first = asyncio.Event()

    async def work(delivery: Delivery) -> None:
        told.append(delivery)
        first.set()

    async with db.transaction() as connection:
        await connection.execute(
            "insert into outbox values ($1, $2, $3, now())", UUID(int=9), INBOUND, b"\x92\x90\xa0"
        )
    relays = [timeline_of(db, bus)[1] for _ in range(3)]
    await asyncio.gather(*(relay.sweep(age_s=0) for relay in relays))
    worker = asyncio.create_task(bus.consume(INBOUND, "workers", work))
    await asyncio.wait_for(first.wait(), 60)
    await asyncio.sleep(0.5)
    worker.cancel()
    assert len(told) == 1
    assert await outbox_rows(db) == 0


@pytest.mark.timeout(300)
async def test_that_messages_are_taken_while_nats_is_away(
    db: Database, talks: list[Talk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hyperpersonal_core.kit.bus.ACK_DEADLINE_S", 0.5)
    monkeypatch.setattr("hyperpersonal_core.kit.outbox.SWEEP_AGE_S", 0.2)
    monkeypatch.setattr("hyperpersonal_core.kit.outbox.SWEEP_EVERY_S", 0.2)
    server = EmbeddedNats(tmp_path / "js").start()
    bus = await Bus.connect(server.url)
    timeline, relay = timeline_of(db, bus)
    running = asyncio.create_task(relay.run())
    talk = talks[0]
    try:
        await timeline.append(message(talk, "before"))
        await asyncio.to_thread(server.stop)
        async with asyncio.timeout(60):
            await asyncio.gather(*(timeline.append(message(talk, f"m{n}")) for n in range(50)))
        assert await outbox_rows(db) >= 1
        server.start()
        async with asyncio.timeout(60):
            while await outbox_rows(db):
                await asyncio.sleep(0.05)
    finally:
        running.cancel()
        await bus.close()
        server.stop()
    await assert_whole(db, talks, {talk[1]: {"before", *(f"m{n}" for n in range(50))}})


@pytest.mark.timeout(300)
async def test_that_a_lost_database_is_a_clear_retryable_error_and_no_half_batch(
    db: Database, bus: Bus, dsn: str, talks: list[Talk]
) -> None:
    """Connections are killed again and again under load; who got an error sends again."""
    timeline, relay = timeline_of(db, bus)
    running = asyncio.create_task(relay.run())
    dice = random.Random(SEED)
    retried = 0

    async def write(n: int) -> None:
        nonlocal retried
        talk = talks[n % len(talks)]
        await asyncio.sleep(dice.random())
        while True:
            try:
                await timeline.append(message(talk, f"m{n}"))
                return
            except OutsideError as error:
                retried += error.retryable
                await asyncio.sleep(0.02)

    async def kill() -> None:
        owner = await asyncpg.connect(dsn)
        for number in range(10):
            if not number:  # somebody is surely in the middle of it
                await owner.execute("begin; lock table events in exclusive mode")
                while not await owner.fetchval(WAITING):
                    await asyncio.sleep(0.01)
            await owner.execute(HANG_UP)
            await owner.execute("rollback")
            await asyncio.sleep(0.1)
        await owner.close()

    async with asyncio.timeout(100):
        await asyncio.gather(kill(), *(write(n) for n in range(300)))
    sent: dict[UUID, set[str]] = {}
    for n in range(300):
        sent.setdefault(talks[n % len(talks)][1], set()).add(f"m{n}")
    assert retried > 0
    await assert_whole(db, talks, sent)
    assert not running.done()
    async with asyncio.timeout(100):
        while await outbox_rows(db):
            await asyncio.sleep(0.1)
    running.cancel()
