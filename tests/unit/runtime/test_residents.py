"""How many native processes are kept warm, for how long, and who waits for whom."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fakes.native import native
from hyperpersonal_runtime.calls import HookCall
from hyperpersonal_runtime.frames import Answer, Ask, Done, Start
from hyperpersonal_runtime.hook_run import guest_limits
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.kinds.kind import Lane, Ready
from hyperpersonal_runtime.kinds.process import ProcessKind
from hyperpersonal_runtime.lane import WorkerLostError
from hyperpersonal_runtime.pool import PoolClosedError, PoolFullError
from hyperpersonal_runtime.process import resident
from hyperpersonal_runtime.process.residents import Bounds

CALL = native("await host.now()\nreturn 'ok'")
SEED = '{"hex":"' + "00" * 32 + '"}'
NOW = '{"now":"2026-01-01T00:00:00+00:00"}'

Make = Callable[..., ProcessKind]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[ProcessKind] = []

    def kind(**bounds: Any) -> ProcessKind:
        made.append(ProcessKind(find_jail(), tmp_path / "env", Bounds(**bounds)))
        return made[-1]

    yield kind
    for one in made:
        await one.close()


def of(tenant: str, call: HookCall = CALL) -> HookCall:
    return msgspec.structs.replace(
        call, scope=msgspec.structs.replace(call.scope, tenant_id=tenant)
    )


async def begin(kind: ProcessKind, call: HookCall) -> Lane:
    """A call that has begun and waits for its first answer."""
    ready = await kind.ready(call.release)
    assert isinstance(ready, Ready), ready
    lane = await kind.acquire(call, ready, "")
    lane.send(Start("reply", "", "{}", guest_limits(call.limits, 100)))
    assert await lane.receive() == Ask("random.bytes", '{"n":32}')
    lane.send(Answer("", SEED))
    assert await lane.receive() == Ask("clock.now", "{}")
    return lane


async def end(kind: ProcessKind, lane: Lane) -> str:
    lane.send(Answer("", NOW))
    done = await lane.receive()
    kind.release(lane)
    assert isinstance(done, Done)
    return done.case


async def whole(kind: ProcessKind, call: HookCall) -> int:
    """A call from start to end; the process it ran in."""
    lane = await begin(kind, call)
    assert await end(kind, lane) == ""
    return lane.worker.pid


async def test_that_a_process_stays_warm_for_its_installation(make: Make) -> None:
    kind = make()
    assert await whole(kind, of("one")) == await whole(kind, of("one"))
    assert await whole(kind, of("two")) not in {await whole(kind, of("one"))}
    assert len(kind.pids) == 2
    assert kind.memory_bytes > 1 << 20


async def test_that_the_one_used_longest_ago_makes_room(make: Make) -> None:
    kind = make(processes=2)
    first, second = await whole(kind, of("one")), await whole(kind, of("two"))
    third = await whole(kind, of("three"))
    assert set(kind.pids) == {second, third}
    assert await whole(kind, of("two")) == second
    assert await whole(kind, of("one")) != first


async def test_that_memory_is_bounded_too(make: Make) -> None:
    kind = make(memory_bytes=1)
    await whole(kind, of("one"))
    second = await whole(kind, of("two"))
    assert kind.pids == (second,)


async def test_that_a_busy_one_is_never_taken_away(make: Make) -> None:
    kind = make(processes=1)
    lane = await begin(kind, of("one"))
    other = asyncio.create_task(whole(kind, of("two")))
    await asyncio.sleep(0.3)
    assert kind.pids == (lane.worker.pid,)
    assert await end(kind, lane) == ""
    assert await other != lane.worker.pid


async def test_that_who_waits_is_bounded(make: Make) -> None:
    kind = make(processes=1, waiting=0)
    lane = await begin(kind, of("one"))
    with pytest.raises(PoolFullError):
        await whole(kind, of("two"))
    assert await end(kind, lane) == ""
    assert await whole(kind, of("two"))


async def test_that_the_calls_of_one_process_are_bounded(make: Make) -> None:
    kind = make(calls=1)
    lane = await begin(kind, of("one"))
    other = asyncio.create_task(whole(kind, of("one")))
    await asyncio.sleep(0.2)
    assert not other.done()
    assert await end(kind, lane) == ""
    assert await other == lane.worker.pid


async def test_that_nobody_uses_a_process_forever(make: Make) -> None:
    kind = make(served=2)
    pids = [await whole(kind, of("one")) for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


async def test_that_an_idle_one_ends(make: Make) -> None:
    kind = make(idle_seconds=0.2)
    await whole(kind, of("one"))
    async with asyncio.timeout(60):
        while kind.pids:
            await asyncio.sleep(0.05)


async def test_that_a_stalled_loop_is_ended_and_its_calls_run_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two calls: nobody knows which of them stalls the loop, so both are lost, and told so."""

    def stall_at_most(seconds: float) -> None:
        monkeypatch.setattr(resident, "STALL_SECONDS_MAX", seconds)

    kind = make()
    stall = native("import time\nawait host.now()\ntime.sleep(60)")
    stall_at_most(60)  # a slow start is no stall
    lanes = [await begin(kind, of("one", stall)), await begin(kind, of("one", stall))]
    stall_at_most(0.5)
    lanes[0].send(Answer("", NOW))
    for lane in lanes:
        with pytest.raises(WorkerLostError):
            await lane.receive()
    stall_at_most(60)
    alone = await begin(kind, of("one", stall))
    stall_at_most(0.5)
    assert await end(kind, alone) == "timeout"


async def test_that_what_waits_to_be_answered_is_bounded(make: Make) -> None:
    """A process that asks and asks fills no memory of the host's."""
    body = """
    import asyncio
    from hyperpersonal_sdk.native.call import CURRENT
    await host.now()
    for _ in range(60):
        CURRENT.get()._send([12, CURRENT.get().number, 'clock.now'], ' ' * 200_000)
    await asyncio.sleep(60)
    """
    kind = make()
    lane = await begin(kind, of("one", native(body)))
    lane.send(Answer("", NOW))
    await lane.over
    done = await lane.receive()
    assert isinstance(done, Done)
    assert (done.case, "more than can be answered" in done.text) == ("limit", True)


async def test_that_a_stopped_release_loses_its_processes(make: Make) -> None:
    kind = make()
    await whole(kind, of("one"))
    lane = await begin(kind, of("two"))
    kind.stop(CALL.release.digest)
    with pytest.raises(WorkerLostError):
        await lane.receive()
    async with asyncio.timeout(60):
        while kind.pids:
            await asyncio.sleep(0.05)


async def test_that_closing_ends_who_waits(make: Make) -> None:
    kind = make(processes=1)
    lane = await begin(kind, of("one"))
    other = asyncio.create_task(whole(kind, of("two")))
    await asyncio.sleep(0.1)
    await kind.close()
    with pytest.raises(PoolClosedError):
        await other
    with pytest.raises(WorkerLostError):
        await lane.receive()
    with pytest.raises(PoolClosedError):
        await whole(kind, of("three"))


async def test_that_agents_that_wait_for_connectors_never_hold_all(make: Make) -> None:
    """A quarter is kept for whom a call is made: else both would wait for each other."""
    kind = make(processes=4)
    lanes = [await begin(kind, of(f"agent{n}")) for n in range(3)]
    fourth = asyncio.create_task(whole(kind, of("agent3")))
    nested = of("shop")
    scope = msgspec.structs.replace(nested.scope, path="3")
    assert await whole(kind, msgspec.structs.replace(nested, scope=scope))
    assert not fourth.done()
    assert await end(kind, lanes[0]) == ""
    assert await fourth
    for lane in lanes[1:]:
        assert await end(kind, lane) == ""


async def test_that_a_release_is_tried_before_it_serves(make: Make) -> None:
    kind = make()
    assert isinstance(await kind.ready(CALL.release), Ready)
    assert await kind.try_load(CALL.release) == ""
    assert kind.pids == ()
    broken = native("return 'x'", head="import nowhere").release
    assert isinstance(await kind.ready(broken), Ready)
    assert "No module named 'nowhere'" in await kind.try_load(broken)
