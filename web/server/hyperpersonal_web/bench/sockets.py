"""How many idle WebSockets one gateway process holds, what each costs, and a broadcast to all."""

import asyncio
import os
import resource
import sys
import time
from contextlib import AsyncExitStack

import msgspec
from hyperpersonal_core.kit.envelope import Wake, encode
from hyperpersonal_core.kit.outbox import TIMELINE
from hyperpersonal_core.kit.settings import PREFIX

from hyperpersonal_web.bench.crowd import Crowd, gather_crowd
from hyperpersonal_web.bench.holder import Held, Hold
from hyperpersonal_web.bench.terms import Terms
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.embedded.postgres import HeldPort
from hyperpersonal_web.http.rates import LIMITS
from hyperpersonal_web.http.tokens import ContactTokens
from hyperpersonal_web.wiring import Ground, open_ground

SOCKETS = 10_000
FILES_BESIDE = 500
SETTLE_S = 3.0
START_S_MAX = 180
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024
_SAY = """
with moved as (
  update conversations set last_offset = last_offset + 1
   where tenant_id = $1 and id = any($2::uuid[]) returning id, last_offset)
insert into events
  (tenant_id, conversation_id, "offset", id, source, kind, body, created_at)
select $1, id, last_offset, gen_random_uuid(), 'system', 'status', $3, now() from moved"""


async def bench_sockets(props: Props, terms: Terms) -> dict[str, float]:
    """Start a gateway and a holder of sockets, then tell all of them one thing.

    Fewer than asked are held when this machine lets a process open fewer files.
    """
    count = min(terms.count or SOCKETS, _files_max() - FILES_BESIDE)
    terms.say(f"{count} sockets")
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, props.settings, props.addresses)
        secret, place = os.urandom(24).hex(), HeldPort()
        gateway = await _start_gateway(stack, props, secret, place.number)
        place.let_go()
        crowd = await gather_crowd(ground, ContactTokens(secret, ground.clock), count)
        before = _rss_kib(gateway.pid)
        holder = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hyperpersonal_web.bench.holder",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24,
        )  # fmt: skip
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(msgspec.json.encode(Hold(place.number, crowd.tokens)) + b"\n")
        held = int(await holder.stdout.readline())
        await asyncio.sleep(min(SETTLE_S, terms.seconds))
        kib = (_rss_kib(gateway.pid) - before) / held
        told_at = await _broadcast(ground, crowd)
        figures = msgspec.json.decode(await holder.stdout.readline(), type=Held)
        holder.stdin.close()
        await holder.wait()
    return {
        "sockets_held": held,
        "socket_kib": round(kib, 2),
        "broadcast_heard": figures.heard,
        "broadcast_ms_p50": round((figures.at_p50 - told_at) * 1000, 1),
        "broadcast_ms_p99": round((figures.at_p99 - told_at) * 1000, 1),
    }


async def _start_gateway(
    stack: AsyncExitStack, props: Props, secret: str, port: int
) -> asyncio.subprocess.Process:
    given = {
        "HP_DATABASE_URL": props.addresses.database_url,
        "HP_NATS_URL": props.addresses.nats_url,
        "HP_DATA_DIR": str(props.settings.data_dir),
        "HP_SECRET": secret,
        "HP_PORT": str(port),
        "HP_LOG_LEVEL": "error",
    } | {PREFIX + name.upper(): "0" for name in LIMITS}
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hyperpersonal_web.cli", "serve", "--role", "gateway",
        env={**os.environ, **given}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip

    async def end() -> None:
        gateway.terminate()
        await gateway.wait()

    stack.push_async_callback(end)
    assert gateway.stdout is not None
    await asyncio.wait_for(gateway.stdout.readline(), START_S_MAX)
    return gateway


async def _broadcast(ground: Ground, crowd: Crowd) -> float:
    """One event in every conversation, told by one envelope; returns when it was told."""
    async with ground.db.transaction(crowd.tenant_id) as connection:
        body = {"text": "The shop closes for an hour."}
        await connection.execute(_SAY, crowd.tenant_id, crowd.conversations, body)
    wakes = [Wake(crowd.tenant_id, conversation, 1) for conversation in crowd.conversations]
    told_at = time.time()
    await ground.bus.publish(TIMELINE, encode(wakes), ground.ids.new().hex)
    return told_at


def _files_max() -> int:
    """How many files each process here may open; the gateway and the holder inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _rss_kib(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * PAGE_KIB
