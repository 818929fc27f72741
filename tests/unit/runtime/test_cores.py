"""One worker a core: each stays on its own, and a new one takes the core of the one that died."""

import asyncio
import os
import signal

from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.testing import FakePorts, World, default_cache

CORES = sorted(os.sched_getaffinity(0))


async def cores_of(workers: int, *, kill_one: bool = False) -> list[set[int]]:
    host = Host(default_cache(), workers=workers, lanes=2)
    await host.start(FakePorts(World()).ports())
    try:
        if kill_one:
            dead = host.worker_pids[0]
            os.kill(dead, signal.SIGKILL)
            async with asyncio.timeout(60):
                while dead in host.worker_pids or len(host.worker_pids) < workers:
                    await asyncio.sleep(0.05)
        return [os.sched_getaffinity(pid) for pid in host.worker_pids]
    finally:
        await host.close()


async def test_that_each_worker_has_a_core_of_its_own() -> None:
    assert sorted(await cores_of(len(CORES)), key=min) == [{core} for core in CORES]


async def test_that_a_new_worker_takes_the_core_that_was_left() -> None:
    assert sorted(await cores_of(len(CORES), kill_one=True), key=min) == [{c} for c in CORES]


async def test_that_too_few_workers_roam() -> None:
    if len(CORES) > 1:
        assert await cores_of(len(CORES) - 1) == [set(CORES)] * (len(CORES) - 1)
    assert set(CORES) == os.sched_getaffinity(0)
