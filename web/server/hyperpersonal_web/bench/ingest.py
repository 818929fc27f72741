"""Messages a second through the real gateway: until stored, and until an echo was pushed back.

The echo answers in the host itself; everything around it is the product's own: channel, timeline,
group commit, bus, turn worker, lease, finish, push.
"""

from contextlib import AsyncExitStack

from hyperpersonal_core.api import TurnJournals

from hyperpersonal_web.bench.commits import bench_commits
from hyperpersonal_web.bench.crowd import gather_crowd
from hyperpersonal_web.bench.echo import EchoHost
from hyperpersonal_web.bench.load import Load
from hyperpersonal_web.bench.parts import PartMeter
from hyperpersonal_web.bench.served import install_trivial, open_served, open_worker, run_load
from hyperpersonal_web.bench.terms import Terms
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.wiring import Ground, open_ground

SHOPPERS = 256


async def bench_ingest(props: Props, terms: Terms) -> dict[str, float]:
    """Stored only, then with an echo, then group commit on and off."""
    async with AsyncExitStack() as stack:
        ground = await open_ground(stack, props.settings, props.addresses)
        figures = await _stored(ground, terms) | await _echoed(ground, props, terms)
    terms.say("group commit off and on")
    where = (props.addresses.database_url, props.addresses.nats_url)
    return figures | await bench_commits(
        *where, seconds=terms.seconds, conversations=terms.count or SHOPPERS
    )


async def _stored(ground: Ground, terms: Terms) -> dict[str, float]:
    async with AsyncExitStack() as stack:
        gateway, port = await open_served(stack, ground)
        crowd = await gather_crowd(ground, gateway.tokens, terms.count or SHOPPERS)
        terms.say("POST until stored")
        posted = await run_load(Load(port, crowd.tokens, terms.seconds, "post", "stored"))
        terms.say("WebSocket until stored")
        framed = await run_load(Load(port, crowd.tokens, terms.seconds, "ws", "stored"))
    return {
        "ingest_post_msgs_per_s": posted.msgs_per_s,
        "ingest_post_ms_p50": posted.ms_p50,
        "ingest_post_ms_p99": posted.ms_p99,
        "ingest_ws_msgs_per_s": framed.msgs_per_s,
        "ingest_ms_p50": framed.ms_p50,
        "ingest_ms_p99": framed.ms_p99,
    }


async def _echoed(ground: Ground, props: Props, terms: Terms) -> dict[str, float]:
    async with AsyncExitStack() as stack:
        gateway, port = await open_served(stack, ground)
        crowd = await gather_crowd(ground, gateway.tokens, terms.count or SHOPPERS)
        installations = await install_trivial(ground, crowd.tenant_id)
        journals = TurnJournals(ground.db, ground.vault)
        await open_worker(stack, ground, EchoHost(), installations, journals)
        terms.say("POST until the echo is pushed")
        posted = await run_load(Load(port, crowd.tokens, terms.seconds, "post"))
        terms.say("WebSocket until the echo is pushed")
        meter = PartMeter(without=props.shop.pid)
        before = sum(meter.seconds().values())
        framed = await run_load(Load(port, crowd.tokens, terms.seconds, "ws"))
        used = sum(meter.seconds().values()) - before
    return {
        "echo_msgs_per_s": framed.msgs_per_s,
        "echo_ms_p50": framed.ms_p50,
        "echo_ms_p99": framed.ms_p99,
        "echo_cpu_ms": round(used * 1000 / max(1, framed.answered), 3),
        "echo_post_msgs_per_s": posted.msgs_per_s,
        "echo_post_ms_p99": posted.ms_p99,
    }
