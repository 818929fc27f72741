"""Callers that go away, and releases that are stopped while their calls are in flight."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from fakes.plugins import agent
from hyperpersonal_runtime import host as runtime_host
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.testing import FakePorts, World, default_cache
from hyperpersonal_sdk.contract.outcomes import Outcome

READ = "tool:commerce.orders.read"
ASKS = "return host.tool('commerce.orders.get', order_id='1').id"
WORDS = "acme/x@1.0.0 was revoked: it stole"


async def _held(arguments: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(0.2)
    return {"id": arguments["order_id"]}


@pytest.fixture
def world() -> World:
    return World(tools={"commerce.orders.get": _held})


@pytest.fixture
async def host(world: World) -> AsyncIterator[Host]:
    made = Host(default_cache(), workers=1)
    await made.start(FakePorts(world).ports())
    yield made
    await made.close()


async def test_that_callers_who_go_away_at_any_moment_leave_the_worker_alive(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_host, "GRACE_SECONDS", 60.0)  # a busy machine is no fault here
    chance, before = random.Random(3), host.worker_pids
    for number in range(40):
        fresh = agent(f"{ASKS}  # {number % 20}", READ)  # half of them: code not here yet
        call = asyncio.create_task(host.call(fresh))
        await asyncio.sleep(chance.random() * 0.03)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    result = await host.call(agent(ASKS, READ))
    assert result.outcome is Outcome.OK, result
    assert host.worker_pids == before


async def test_that_a_stopped_release_ends_at_once_and_others_go_on(
    host: Host, world: World
) -> None:
    answered = asyncio.Event()

    async def held(_arguments: dict[str, Any]) -> dict[str, Any]:
        await answered.wait()
        return {"id": "1"}

    world.tools = {"commerce.orders.get": held}
    bad, good = agent(ASKS + "  # bad", READ), agent(ASKS, READ)
    *stopped, other = [asyncio.create_task(host.call(call)) for call in (bad, bad, good)]
    while len(world.tool_calls) < 3:
        await asyncio.sleep(0.005)
    assert set(host.running) == {bad.release.digest, good.release.digest}
    assert host.stop(bad.release.digest, WORDS) == 2
    first, second = await asyncio.gather(*stopped)
    assert (first.outcome, first.detail) == (Outcome.REFUSED, WORDS)
    assert second.outcome is Outcome.REFUSED
    assert not other.done(), "nobody waited for the answer"
    answered.set()
    assert (await other).outcome is Outcome.OK
    assert host.running == ()
    assert host.stop(bad.release.digest, WORDS) == 0


async def test_that_a_stopped_guest_that_spins_takes_only_its_worker(host: Host) -> None:
    spins = agent("while True:\n    pass")
    limits = msgspec.structs.replace(spins.limits, guest_cpu_ms=20_000)
    spinning = asyncio.create_task(host.call(msgspec.structs.replace(spins, limits=limits)))
    while not host.running:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.1)
    host.stop(spins.release.digest, WORDS)
    assert (await spinning).detail == WORDS
    assert (await host.call(agent(ASKS, READ))).outcome is Outcome.OK


async def test_that_a_release_is_made_ready_or_says_why_not(host: Host) -> None:
    assert await host.prepare(agent(ASKS).release) == ""
    broken = agent("return (")
    assert "SyntaxError" in await host.prepare(broken.release) or (
        "invalid" in await host.prepare(broken.release)
    )
