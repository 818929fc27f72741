"""Turns from message to pushed answer: with an echo in the host, and with sandboxed agents.

CPU is that of every process outside the shop and the load generator, from /proc.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import msgspec
from hyperpersonal_core.api import (
    Installations,
    NewInstallation,
    Services,
    TurnJournals,
    TurnWorker,
)
from hyperpersonal_runtime.api import Host, SealedRelease

from hyperpersonal_web.asgi import create_app
from hyperpersonal_web.bench.crowd import Crowd, gather_crowd
from hyperpersonal_web.bench.echo import EchoHost, FirstAgent, NoRecall, OneRelease
from hyperpersonal_web.bench.load import Figures, Load
from hyperpersonal_web.demo.merchant import import_policy
from hyperpersonal_web.demo.plugins import install_all, publish_all, publisher_key
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.evaluate.cpu import CpuMeter
from hyperpersonal_web.server import listen, serve
from hyperpersonal_web.wiring import (
    GUEST_CACHE,
    Gateway,
    Ground,
    background,
    open_engine,
    open_gateway,
    open_ground,
    open_market,
    open_ports,
    open_understanding,
    warm,
)

ECHO_SHOPPERS = 256
AGENT_SHOPPERS = 16
SECONDS = 5.0
DIGEST = "sha256:" + "0" * 64
TRIVIAL = b"""
from hyperpersonal_sdk import Agent
plugin = Agent()

@plugin.reply
def reply(turn, host):
    return "I heard you."
"""
ORDER_TEXT = "Where is my order #W1000001? My e-mail is maya.lindqvist@example.com"


async def bench_turns(props: Props) -> dict[str, float]:
    """All ways one after the other."""
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, props.settings, props.addresses)
        figures = await _echo(ground)
        await props.guest()
        figures |= await _trivial(ground, props)
        await asyncio.to_thread(props.shop.wait)
        return figures | await _orders(ground, props)


async def _echo(ground: Ground) -> dict[str, float]:
    async with AsyncExitStack() as stack:
        gateway, port = await _gateway(stack, ground)
        crowd = await gather_crowd(ground, gateway.tokens, ECHO_SHOPPERS)
        installations = await _install(ground, crowd.tenant_id)
        journals = TurnJournals(ground.db)
        await _worker(stack, _services(ground, EchoHost(), installations, journals))
        over_socket = await _load(Load(port, crowd.tokens, SECONDS, "ws"))
        posted = await gather_crowd(ground, gateway.tokens, ECHO_SHOPPERS)
        await _install(ground, posted.tenant_id)
        by_post = await _load(Load(port, posted.tokens, SECONDS, "post"))
    return {
        "ingest_ws_msgs_per_s": over_socket.msgs_per_s,
        "ingest_ms_p50": over_socket.ms_p50,
        "ingest_ms_p99": over_socket.ms_p99,
        "ingest_post_msgs_per_s": by_post.msgs_per_s,
        "ingest_post_ms_p99": by_post.ms_p99,
    }


async def _trivial(ground: Ground, props: Props) -> dict[str, float]:
    """A Python agent that says one sentence, in a fresh instance each."""
    async with AsyncExitStack() as stack:
        gateway, port = await _gateway(stack, ground)
        crowd = await gather_crowd(ground, gateway.tokens, AGENT_SHOPPERS)
        installations = await _install(ground, crowd.tenant_id)
        market, mind = open_market(ground), open_understanding(ground)
        host, journals = Host(props.settings.data_dir / GUEST_CACHE), TurnJournals(ground.db)
        await host.start(open_ports(ground, mind, market, (host, journals)))
        stack.push_async_callback(host.close)
        await _worker(stack, _services(ground, host, installations, journals))
        await _load(Load(port, crowd.tokens, 1.0, "ws"))
        return await _measured(props, crowd, port, "turns_python_fresh", ORDER_TEXT)


async def _orders(ground: Ground, props: Props) -> dict[str, float]:
    """The order agent, with memory, routing, the connector and the shop."""
    async with AsyncExitStack() as stack:
        mind, market = open_understanding(ground), open_market(ground)
        gateway, port = await _gateway(stack, ground)
        crowd = await gather_crowd(ground, gateway.tokens, AGENT_SHOPPERS)
        releases = await publish_all(market.registry, publisher_key(props.folder / "key"))
        shop = (props.shop.url, props.shop.keys.token)
        await install_all(market, crowd.tenant_id, releases, shop)
        await import_policy(mind.knowledge, crowd.tenant_id)
        await open_engine(stack, ground, mind, market)
        await warm(mind, market, crowd.tenant_id)
        await _load(Load(port, crowd.tokens, 1.0, "ws", [ORDER_TEXT]))
        return await _measured(props, crowd, port, "turn", ORDER_TEXT)


async def _measured(
    props: Props, crowd: Crowd, port: int, name: str, text: str
) -> dict[str, float]:
    meter = CpuMeter(without=props.shop.pid)
    before = meter.seconds()
    figures, load_cpu_s = await _loaded(Load(port, crowd.tokens, SECONDS, "ws", [text]))
    cpu_s = meter.seconds() - before - load_cpu_s
    return {
        f"{name}_per_s": figures.msgs_per_s,
        f"{name}_cpu_ms_p50": round(cpu_s * 1000 / max(1, figures.answered), 2),
        f"{name}_ms_p50": figures.ms_p50,
        f"{name}_ms_p99": figures.ms_p99,
    }


async def _install(ground: Ground, tenant_id: UUID) -> Installations:
    installations = Installations(ground.db, ground.clock, ground.ids)
    manifest = {"id": "bench/echo", "title": "Echo", "agent": {"labels": ["order"], "intents": []}}
    new = NewInstallation("bench/echo", "1.0.0", DIGEST, "agent", manifest)
    await installations.install(tenant_id, new)
    return installations


async def _gateway(stack: AsyncExitStack, ground: Ground) -> tuple[Gateway, int]:
    gateway = await open_gateway(stack, ground, open_understanding(ground))
    port = await stack.enter_async_context(_served(gateway))
    return gateway, port


@asynccontextmanager
async def _served(gateway: Gateway) -> AsyncIterator[int]:
    listener, stop = listen("127.0.0.1", 0), asyncio.Event()
    serving = asyncio.create_task(serve(create_app(gateway), listener, stop))
    try:
        yield int(listener.getsockname()[1])
    finally:
        stop.set()
        await serving


def _services(
    ground: Ground,
    host: EchoHost | Host,
    installations: Installations,
    journals: TurnJournals,
) -> Services:
    release = SealedRelease("bench/echo", "1.0.0", DIGEST, "echo", {"echo/__init__.py": TRIVIAL})
    return Services(
        db=ground.db,
        bus=ground.bus,
        relay=ground.relay,
        clock=ground.clock,
        ids=ground.ids,
        host=host,
        installations=installations,
        releases=OneRelease(release),
        journals=journals,
        recall=NoRecall(),
        router=FirstAgent(),
    )


async def _worker(stack: AsyncExitStack, services: Services) -> None:
    worker = TurnWorker(services)
    background(stack, worker.run())
    stack.push_async_callback(worker.close)


async def _load(load: Load) -> Figures:
    return (await _loaded(load))[0]


async def _loaded(load: Load) -> tuple[Figures, float]:
    """Run the load generator; also the CPU seconds it used."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hyperpersonal_web.bench.load",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate(msgspec.json.encode(load))
    figures = msgspec.json.decode(out, type=Figures)
    return figures, figures.cpu_s
