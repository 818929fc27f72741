"""Turns from message to pushed answer: a trivial Python agent, and the order agent with its shop.

Every turn runs in a fresh instance of the sandbox. CPU is that of every process of the product
(not of the shop, not of the load generator), sampled while the load runs.
"""

import asyncio
import statistics
from contextlib import AsyncExitStack

import msgspec
from hyperpersonal_core.api import TurnJournals
from hyperpersonal_runtime.api import Host
from msgspec import Struct

from hyperpersonal_web.bench.crowd import Crowd, gather_crowd
from hyperpersonal_web.bench.load import Load
from hyperpersonal_web.bench.parts import PARTS, PartMeter
from hyperpersonal_web.bench.served import (
    RELEASE,
    install_trivial,
    open_served,
    open_worker,
    run_load,
)
from hyperpersonal_web.bench.terms import Terms
from hyperpersonal_web.demo.ceremony import reviewer_keys
from hyperpersonal_web.demo.merchant import import_policy
from hyperpersonal_web.demo.plugins import install_all, publish_all, publisher_key
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.wiring import (
    GUEST_CACHE,
    Ground,
    open_engine,
    open_ground,
    open_market,
    open_ports,
    open_understanding,
    warm,
)

SHOPPERS = 16
WARM_SECONDS = 1.5
SAMPLES = 8
ORDER_TEXT = "Where is my order #W1000001? My e-mail is maya.lindqvist@example.com"
_FINISHED = "select count(*) from turns where tenant_id = $1 and status = 'finished'"


class Scene(Struct, frozen=True):
    """Where the load goes, and what it is measured by."""

    ground: Ground
    props: Props
    crowd: Crowd
    port: int


async def bench_turns(props: Props, terms: Terms) -> dict[str, float]:
    """First the trivial agent, then the order agent."""
    async with AsyncExitStack() as stack:
        terms.say("starting the sandboxes")
        settings = msgspec.structs.replace(props.settings, promote_calls=0)  # not meanwhile
        ground = await open_ground(stack, settings, props.addresses)
        await props.guest()
        figures = await _trivial(ground, props, terms)
        await asyncio.to_thread(props.shop.wait)
        return figures | await _orders(ground, props, terms)


async def _trivial(ground: Ground, props: Props, terms: Terms) -> dict[str, float]:
    async with AsyncExitStack() as stack:
        gateway, port = await open_served(stack, ground)
        crowd = await gather_crowd(ground, gateway.tokens, terms.count or SHOPPERS)
        installations = await install_trivial(ground, crowd.tenant_id)
        market, mind = open_market(ground), open_understanding(ground)
        host, journals = (
            Host(props.settings.data_dir / GUEST_CACHE),
            TurnJournals(ground.db, ground.vault),
        )
        await host.start(open_ports(ground, mind, market, (host, journals)))
        stack.push_async_callback(host.close)
        terms.say("freezing the trivial agent into a component of its own")
        if why := await host.promote(RELEASE):
            raise RuntimeError(f"the trivial agent was not promoted: {why}")
        await open_worker(stack, ground, host, installations, journals)
        terms.say("a trivial Python agent, a fresh instance each")
        scene = Scene(ground, props, crowd, port)
        return await _measured(scene, terms, ("turns_python_fresh", "turn"))


async def _orders(ground: Ground, props: Props, terms: Terms) -> dict[str, float]:
    async with AsyncExitStack() as stack:
        terms.say("publishing and installing the demo's plugins")
        mind, market = open_understanding(ground), open_market(ground)
        gateway, port = await open_served(stack, ground)
        crowd = await gather_crowd(ground, gateway.tokens, terms.count or SHOPPERS)
        keys = publisher_key(props.folder / "key"), reviewer_keys(props.settings)
        releases = await publish_all(market.registry, *keys)
        shop = (props.shop.url, props.shop.keys.token)
        await install_all(market, crowd.tenant_id, releases, shop)
        await import_policy(mind.knowledge, crowd.tenant_id)
        await open_engine(stack, ground, mind, market)
        await warm(mind, market, crowd.tenant_id)
        terms.say("the order agent with memory, routing, connector and shop")
        scene = Scene(ground, props, crowd, port)
        return await _measured(scene, terms, ("order_agent_turns", "order_agent_turn"))


async def _measured(scene: Scene, terms: Terms, names: tuple[str, str]) -> dict[str, float]:
    """Warm up, then load and sample at once; figures are named (rate, the rest)."""
    rate, turn = names
    way = (scene.port, scene.crowd.tokens)
    await run_load(Load(*way, min(WARM_SECONDS, terms.seconds), "ws", texts=[ORDER_TEXT]))
    ended = asyncio.Event()
    sampling = asyncio.create_task(sample(scene, terms.seconds / SAMPLES, ended))
    figures = await run_load(Load(*way, terms.seconds, "ws", texts=[ORDER_TEXT]))
    ended.set()
    cpu = await sampling
    return {
        f"{rate}_per_s": figures.msgs_per_s,
        f"{turn}_ms_p50": figures.ms_p50,
        f"{turn}_ms_p99": figures.ms_p99,
        f"{turn}_cpu_ms_p50": slices_median(cpu, *PARTS),
        **{f"{turn}_cpu_ms_{part}": slices_median(cpu, part) for part in PARTS},
    }


async def sample(scene: Scene, every_s: float, ended: asyncio.Event) -> list[dict[str, float]]:
    """CPU ms a turn by part, in each slice of the load's time in which turns were finished."""
    meter, slices = PartMeter(without=scene.props.shop.pid), []
    turns, used = await _finished(scene), meter.seconds()
    while not ended.is_set():
        await asyncio.sleep(every_s)
        now_turns, now_used = await _finished(scene), meter.seconds()
        if done := now_turns - turns:
            slices.append({part: (now_used[part] - used[part]) * 1000 / done for part in PARTS})
        turns, used = now_turns, now_used
    return slices


async def _finished(scene: Scene) -> int:
    async with scene.ground.db.transaction(scene.crowd.tenant_id) as connection:
        return int(await connection.fetchval(_FINISHED, scene.crowd.tenant_id))


def slices_median(slices: list[dict[str, float]], *parts: str) -> float:
    if not slices:
        return 0.0
    return round(statistics.median(sum(one[part] for part in parts) for one in slices), 2)
