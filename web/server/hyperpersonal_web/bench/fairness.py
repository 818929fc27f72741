"""Whether one tenant's flood delays another: the whole line, from WebSocket to pushed reply.

Two tenants, each with the trivial Python agent, a sandbox of its own for every turn. What the
machine can do is measured first; a tenant's share is a tenth of it. The neighbour writes at its
share all the time; the flood writes ten times its share, that is all there is, in every second
phase.
"""

from contextlib import AsyncExitStack

from hyperpersonal_core.api import TurnJournals
from hyperpersonal_runtime.api import Host

from hyperpersonal_web.bench.crowd import gather_crowd
from hyperpersonal_web.bench.load import Load
from hyperpersonal_web.bench.paced import Pace, PacedFigures
from hyperpersonal_web.bench.served import (
    install_trivial,
    open_served,
    open_worker,
    run_generator,
    run_load,
)
from hyperpersonal_web.bench.terms import Terms
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.wiring import (
    GUEST_CACHE,
    open_ground,
    open_market,
    open_ports,
    open_understanding,
)

TENANTS = 10
TIMES = 10.0
PHASES = 4
NEIGHBOURS, FLOODERS = 40, 400
CAPACITY_SHOPPERS = 24


async def bench_fairness(props: Props, terms: Terms) -> dict[str, float]:
    """`neighbour_p95_ratio`: the neighbour's p95 with the flood, by its p95 without."""
    async with AsyncExitStack() as stack:
        terms.say("starting the sandboxes")
        ground = await open_ground(stack, props.settings, props.addresses)
        await props.guest()
        gateway, port = await open_served(stack, ground)
        neighbour, flood = [
            await gather_crowd(ground, gateway.tokens, count)
            for count in (NEIGHBOURS, terms.count or FLOODERS)
        ]
        market, mind = open_market(ground), open_understanding(ground)
        installations = [
            await install_trivial(ground, crowd.tenant_id) for crowd in (neighbour, flood)
        ]
        host = Host(props.settings.data_dir / GUEST_CACHE)
        journals = TurnJournals(ground.db, ground.vault)
        await host.start(open_ports(ground, mind, market, (host, journals)))
        stack.push_async_callback(host.close)
        await open_worker(stack, ground, host, installations[0], journals)
        terms.say("what the machine can do")
        rate = await _capacity(port, flood.tokens, terms.seconds)
        terms.say("a neighbour at its share, and a flood of ten times its share")
        pace = Pace(
            port, neighbour.tokens, flood.tokens, rate / TENANTS, TIMES,
            terms.seconds, PHASES,
        )  # fmt: skip
        seconds = 2 * PHASES * (terms.seconds + 20)
        module = "hyperpersonal_web.bench.paced"
        return _told(await run_generator(module, pace, PacedFigures, seconds), rate)


async def _capacity(port: int, tokens: list[str], seconds: float) -> float:
    """Turns a second, as many as go."""
    for part in (0.3, 1.0):  # the first one warms up
        load = Load(port, tokens[:CAPACITY_SHOPPERS], max(1.0, seconds * part), "ws")
        figures = await run_load(load)
    return figures.msgs_per_s


def _told(figures: PacedFigures, rate: float) -> dict[str, float]:
    return {
        "neighbour_p95_ratio": round(figures.flooded_ms_p95 / figures.quiet_ms_p95, 2),
        "neighbour_p50_ratio": round(figures.flooded_ms_p50 / figures.quiet_ms_p50, 2),
        "neighbour_quiet_ms_p50": figures.quiet_ms_p50,
        "neighbour_quiet_ms_p95": figures.quiet_ms_p95,
        "neighbour_flooded_ms_p50": figures.flooded_ms_p50,
        "neighbour_flooded_ms_p95": figures.flooded_ms_p95,
        "neighbour_refused": figures.neighbour_refused,
        "neighbour_unanswered": figures.neighbour_unanswered,
        "fairness_capacity_turns_per_s": rate,
        "flood_sent": figures.flood_sent,
        "flood_answered": figures.flood_answered,
        "flood_refused": figures.flood_refused,
    }
