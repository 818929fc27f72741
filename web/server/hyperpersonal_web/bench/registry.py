"""What the market's promises cost: verification, search and bundles, with how the costs grow."""

import asyncio
from typing import Any

from hyperpersonal_web.bench.kill import bench_kill
from hyperpersonal_web.bench.market import bench_search, bench_solve
from hyperpersonal_web.bench.terms import Terms
from hyperpersonal_web.bench.trust import bench_verify
from hyperpersonal_web.demo.stage import Props

SAMPLES = 400
PUBLISHERS, MANY_PUBLISHERS = 100, 200
LISTINGS_FEW = 1_000
AIMS = {
    "verify_ms_p99": 50,
    "install_ms_p50": 100,
    "kill_ms_p99": 1_000,
    "solve_s": 2,
    "search_ms_p95": 50,
}
"""At most so much, by the figure's name."""


async def bench_registry(props: Props, terms: Terms) -> dict[str, Any]:
    """All of it, by the real code; `growth` tells the same for a smaller or larger market."""
    samples = terms.count or SAMPLES
    return {**await asyncio.to_thread(_alone, samples, terms), **await bench_kill(props, terms)}


def _alone(samples: int, terms: Terms) -> dict[str, Any]:
    """What needs no server."""
    terms.say("verification")
    verified = bench_verify(samples, PUBLISHERS)
    more = bench_verify(max(2, samples // 10), MANY_PUBLISHERS)
    terms.say("search")
    found, few = bench_search(samples), bench_search(samples, LISTINGS_FEW)
    terms.say("bundles")
    solved, half = bench_solve(), bench_solve(500)
    growth = {
        f"verify_ms_p50 of {MANY_PUBLISHERS} publishers": more["verify_ms_p50"],
        f"verify_fresh_ms_p50 of {MANY_PUBLISHERS} publishers": more["verify_fresh_ms_p50"],
        f"search_ms_p95 of {LISTINGS_FEW} listings": few["search_ms_p95"],
        "solve_cpu_s of 500 plugins": half["solve_cpu_s"],
    }
    return {**verified, **found, **solved, "growth": growth}
