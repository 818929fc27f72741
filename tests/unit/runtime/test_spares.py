"""Instances made ahead of their call: used once, by one call, and never a difference to it."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio
from hyperpersonal_runtime.calls import CallResult, HookCall
from hyperpersonal_runtime.heat import Heat
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.testing import FakePorts, World, default_cache, hook_call
from hyperpersonal_sdk.contract.outcomes import Outcome

COUNTS = """
import random
from hyperpersonal_sdk import Agent
plugin = Agent()
seen = []

@plugin.reply
def reply(turn, host):
    seen.append(turn.text)
    return f"{len(seen)} {random.random()}"
"""
LOOKS = COUNTS.replace("seen = []", "import time\nseen = []\nborn = time.time()")
DRAWS = COUNTS.replace("seen = []", "seen = []\nlucky = random.random()")
LOGS = COUNTS.replace("seen = []", "seen = []\nprint('imported')")
CALLS = 8
WARMING_S = 0.05
SPARE_MS_MAX = 0.4  # instantiating takes about 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host() -> AsyncIterator[Host]:
    started = Host(default_cache(), workers=1, random=lambda count: b"\x07" * count)
    await started.start(FakePorts(World()).ports())
    assert started._pool is not None
    started._pool._heat = Heat(lambda: 0.0)  # calls far apart are as hot
    yield started
    await started.close()


def call_of(source: str) -> HookCall:
    call = hook_call({"p/__init__.py": source.encode()}, "p")
    return msgspec.structs.replace(call, hook="reply", payload=b'{"text": "hi"}')


async def results_of(host: Host, source: str) -> list[CallResult]:
    call, results = call_of(source), []
    for _ in range(CALLS):
        results.append(await host.call(call))
        assert results[-1].outcome is Outcome.OK, results[-1]
        await asyncio.sleep(WARMING_S)
    return results


def is_spare(result: CallResult) -> bool:
    return result.instantiate_ms < SPARE_MS_MAX


@pytest.mark.asyncio(loop_scope="module")
async def test_that_a_hot_release_is_loaded_ahead_and_its_instance_serves_once(host: Host) -> None:
    results = await results_of(host, COUNTS)
    assert not is_spare(results[0])
    assert sum(map(is_spare, results)) >= CALLS - 5, [one.instantiate_ms for one in results]
    assert {result.value for result in results} == {results[0].value}, "no instance served twice"
    journals = [[(e.name, e.request, e.answer) for e in one.journal] for one in results]
    assert journals == [journals[0]] * CALLS


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("source", [LOOKS, DRAWS, LOGS], ids=["clock", "random", "log"])
async def test_that_an_import_that_asks_the_host_happens_in_the_call(
    host: Host, source: str
) -> None:
    results = await results_of(host, source)
    assert sum(map(is_spare, results)) <= 1, "they are made in the call"
    assert len({result.value for result in results}) == 1
    assert len({len(result.journal) for result in results}) == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_that_a_spare_of_a_release_that_loops_ends_no_worker(host: Host) -> None:
    before = host.worker_pids
    endless = call_of(COUNTS + "\nwhile True:\n    pass\n")
    for _ in range(4):
        assert (await host.call(endless)).outcome is Outcome.TIMED_OUT
    assert (await host.call(call_of(COUNTS))).outcome is Outcome.OK
    assert host.worker_pids == before


def test_that_heat_fades() -> None:
    now = [0.0]
    heat = Heat(lambda: now[0])
    assert [heat.add("a") for _ in range(3)] == [False, False, True]
    now[0] = 60.0
    assert not heat.add("a")
    assert not heat.add("b")
