"""What the market's promises cost: to verify, to install, to stop, to compose and to search."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.migrations import migrate as migrate_core
from hyperpersonal_marketplace.api import migrate as migrate_market
from hyperpersonal_marketplace.api import solve_s
from hyperpersonal_registry.api import migrate as migrate_registry
from hyperpersonal_registry.trust.keeper import from_database
from hyperpersonal_runtime.api import Host
from hyperpersonal_runtime.testing import FakePorts, World

from hyperpersonal_web.bench.install import PLUGINS, Shelves, bench_install, published
from hyperpersonal_web.bench.kill import HOSTS, ROUNDS, KillStage, kill_ms_p99
from hyperpersonal_web.bench.search import bench_search
from hyperpersonal_web.bench.terms import Terms
from hyperpersonal_web.bench.trust import bench_verify
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.wiring import GUEST_CACHE

DATABASE = "bench_registry"
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
    """All of it, by the real code; `growth` tells the same for a smaller or larger market.
    `solve_s` is CPU time: for 1,000 plugins of 10 releases each, a choice, a no, and its reasons.
    """
    samples = terms.count or SAMPLES
    alone = await asyncio.to_thread(_alone, samples, terms)
    growth = alone.pop("growth")
    return {**await _together(props, terms), **alone, "growth": growth}


async def _together(props: Props, terms: Terms) -> dict[str, Any]:
    """What needs servers, hosts and a sandbox."""
    rounds, plugins = min(ROUNDS, terms.count or ROUNDS), min(PLUGINS, terms.count or PLUGINS)
    async with AsyncExitStack() as stack:
        terms.say("hosts")
        await props.guest()
        db = await Database.open(await _empty_database(props.addresses.database_url))
        stack.push_async_callback(db.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stage = KillStage(stack, db, props.addresses.nats_url, folder)
        await stage.open(min(HOSTS, terms.count or HOSTS))
        sandbox = Host(props.settings.data_dir / GUEST_CACHE, workers=1)
        await sandbox.start(FakePorts(World()).ports())
        stack.push_async_callback(sandbox.close)
        killed = await kill_ms_p99(stage, sandbox, terms.say, rounds)
        terms.say("installing")
        names = await published(stage.registry, plugins)
        host = await stage.watch(sandbox, "installer", from_database(db))
        return {**await bench_install(Shelves(db, host, sandbox), names), **killed}


async def _empty_database(owner_url: str) -> str:
    """A database beside the server's own, which has a registry with a ceremony already."""
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()
    url = f"{owner_url.rpartition('/')[0]}/{DATABASE}"
    for migrate in (migrate_core, migrate_registry, migrate_market):
        await asyncio.to_thread(migrate, url)
    return url


def _alone(samples: int, terms: Terms) -> dict[str, Any]:
    """What needs no server."""
    terms.say("verification")
    verified = bench_verify(samples, min(PUBLISHERS, samples))
    more = bench_verify(max(2, samples // 10), min(MANY_PUBLISHERS, samples))
    terms.say("search")
    found, few = bench_search(samples), bench_search(samples, LISTINGS_FEW)
    terms.say("bundles")
    growth = {
        f"verify_ms_p50 of {MANY_PUBLISHERS} publishers": more["verify_ms_p50"],
        f"verify_fresh_ms_p50 of {MANY_PUBLISHERS} publishers": more["verify_fresh_ms_p50"],
        f"search_ms_p95 of {LISTINGS_FEW} listings": few["search_ms_p95"],
    }
    return {**verified, "solve_s": solve_s(), **found, "growth": growth}
