"""How many messages a second the timeline takes, with and without group commit.

Both runs do the same durable work a message: append, outbox row, one acknowledged wake-up on the
bus, row cleared. A closed loop: every conversation sends its next message when the last one is
committed.
"""

import asyncio
import time
from uuid import UUID

from hyperpersonal_core.api import (
    Channels,
    Contacts,
    NewChannel,
    NewMessage,
    Tenants,
    Timeline,
)
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.kit.outbox import Relay
from msgspec import Struct

TEXT = "Where is my order? I was told it would be here on Monday. " * 6  # about 350 characters
ALONE_FLIGHTS = 10

Talk = tuple[UUID, UUID, UUID]


class Run(Struct, frozen=True):
    """One closed loop. `cpu_us_per_msg` is of this process only."""

    msgs_per_s: float
    ms_p50: float
    ms_p99: float
    cpu_us_per_msg: float
    messages: int


async def bench_commits(
    dsn: str, nats_url: str, *, seconds: float = 5.0, conversations: int = 256
) -> dict[str, float]:
    """Measure both ways one after the other on a migrated database.

    Returns:
        `append_msgs_per_s`, `append_ms_p50`, `append_ms_p99`, `append_cpu_us_per_msg`,
        `append_alone_msgs_per_s`, `group_commit_ratio` (of the rates with and without).
    """
    db, bus = await Database.open(dsn), await Bus.connect(nats_url, prefix="bench")
    try:
        talks = await _open(db, bus, conversations)
        alone = await _loop(db, bus, talks, seconds, batch_max=1)
        grouped = await _loop(db, bus, talks, seconds, batch_max=256)
    finally:
        await bus.close()
        await db.close()
    return {
        "append_msgs_per_s": round(grouped.msgs_per_s, 1),
        "append_ms_p50": round(grouped.ms_p50, 2),
        "append_ms_p99": round(grouped.ms_p99, 2),
        "append_cpu_us_per_msg": round(grouped.cpu_us_per_msg, 1),
        "append_alone_msgs_per_s": round(alone.msgs_per_s, 1),
        "group_commit_ratio": round(grouped.msgs_per_s / alone.msgs_per_s, 2),
    }


async def _open(db: Database, bus: Bus, count: int) -> list[Talk]:
    clock, ids = SystemClock(), Uuid7Ids()
    tenant = (await Tenants(db, clock, ids).create_tenant(f"bench-{ids.new().hex[:12]}", "B")).id
    channels, contacts = Channels(db, clock, ids), Contacts(db, clock, ids)
    scope = await channels.resolve(await channels.create_channel(tenant, NewChannel("bench")))
    timeline = Timeline(db, Relay(db, bus, clock), clock, ids)

    async def one() -> Talk:
        contact = (await contacts.open(tenant)).id
        return tenant, await timeline.open(tenant, scope.channel_id, contact), contact

    return list(await asyncio.gather(*(one() for _ in range(count))))


async def _loop(
    db: Database, bus: Bus, talks: list[Talk], seconds: float, *, batch_max: int
) -> Run:
    clock, ids = SystemClock(), Uuid7Ids()
    relay = Relay(db, bus, clock)
    flights = 2 if batch_max > 1 else ALONE_FLIGHTS
    timeline = Timeline(db, relay, clock, ids, batch_max=batch_max, flights_max=flights)
    running = asyncio.create_task(relay.run())
    taken: list[float] = []
    started, cpu = time.perf_counter(), time.process_time()
    end = started + seconds
    await asyncio.gather(*(_talk(timeline, talk, end, taken) for talk in talks))
    await timeline.close()
    running.cancel()
    await relay.settle()
    elapsed, used = time.perf_counter() - started, time.process_time() - cpu
    taken.sort()
    return Run(
        msgs_per_s=len(taken) / elapsed,
        ms_p50=taken[len(taken) // 2] * 1000,
        ms_p99=taken[int(len(taken) * 0.99)] * 1000,
        cpu_us_per_msg=used / len(taken) * 1e6,
        messages=len(taken),
    )


async def _talk(timeline: Timeline, talk: Talk, end: float, taken: list[float]) -> None:
    tenant, conversation, contact = talk
    n = time.monotonic_ns()  # ids of an earlier loop would be duplicates
    while (sent := time.perf_counter()) < end:
        n += 1
        body = {"text": TEXT}
        await timeline.append(NewMessage(tenant, conversation, contact, f"b{n}", body))
        taken.append(time.perf_counter() - sent)
