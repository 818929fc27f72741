"""Whether one tenant's flood delays the others: the whole line, from WebSocket to pushed reply.

Ten tenants, each with the trivial Python agent, a sandbox of its own for every turn. What the
machine can do is measured first. It is planned for half of that, so a tenant's share is a
twentieth. Nine neighbours write at their share all the time; in every second phase the tenth writes
ten times its share, and the machine is as good as full. The phases alternate in one run, so that
what else the machine does meets both.
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

NEIGHBOURS = 9
PLANNED = 0.5  # of what the machine can do
TIMES = 10.0
PHASES = 4
NEIGHBOURS_SHOPPERS, FLOODERS = 30, 400
CAPACITY_SHOPPERS = 24


async def bench_fairness(props: Props, terms: Terms) -> dict[str, float]:
    """`neighbour_p95_ratio`: the neighbours' p95 with the flood, by their p95 without."""
    async with AsyncExitStack() as stack:
        terms.say("starting the sandboxes")
        ground = await open_ground(stack, props.settings, props.addresses)
        await props.guest()
        gateway, port = await open_served(stack, ground)
        counts = [terms.count or FLOODERS, *[NEIGHBOURS_SHOPPERS] * NEIGHBOURS]
        crowds = [await gather_crowd(ground, gateway.tokens, count) for count in counts]
        market, mind = open_market(ground), open_understanding(ground)
        installations = [await install_trivial(ground, crowd.tenant_id) for crowd in crowds]
        host = Host(props.settings.data_dir / GUEST_CACHE)
        journals = TurnJournals(ground.db, ground.vault)
        await host.start(open_ports(ground, mind, market, (host, journals)))
        stack.push_async_callback(host.close)
        await open_worker(stack, ground, host, installations[0], journals)
        return await _measured(port, [crowd.tokens for crowd in crowds], terms)


async def _measured(port: int, tokens: list[list[str]], terms: Terms) -> dict[str, float]:
    terms.say("what the machine can do")
    flood, others = tokens[0], zip(*tokens[1:], strict=True)
    neighbours = [token for group in others for token in group]  # one of each in turn
    rate = await _capacity(port, flood, terms.seconds)
    share = rate * PLANNED / (NEIGHBOURS + 1)
    terms.say("neighbours at their share, and a flood of ten times its share")
    pace = Pace(port, neighbours, flood, share * NEIGHBOURS, share * TIMES, terms.seconds, PHASES)
    seconds = 2 * PHASES * (terms.seconds + 20)
    figures = await run_generator("hyperpersonal_web.bench.paced", pace, PacedFigures, seconds)
    return _told(figures, rate)


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
