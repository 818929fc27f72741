"""What a turn costs in each kind of sandbox, and what turns cost that wait: `hp bench guest`.

The same agent in every kind (`bench.REALISTIC`): it finds the contact, the order and a passage, and
phrases. CPU is that of the host and of every process it started, by their own clocks.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from hyperpersonal_sdk.contract.outcomes import HostAnswer
from msgspec import Struct

from hyperpersonal_runtime import bench
from hyperpersonal_runtime.calls import CallResult, HookCall, Limits
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.testing import FakePorts, World, hook_call

AT_ONCE, HELD, HELD_SECONDS, BATCH = 8, 8, 0.5, 10
COLD_PROCESSES_MAX = 8
WAITING, WAITING_INLINE_MS, WAITING_DEADLINE_MS = 1_000, 10, 120_000
MANIFEST = """
id = "test/plugin"
version = "0.0.0"
kind = "agent"
title = "Bench"
description = "Measured."
licence = "Apache-2.0"
entry = "p"
hooks = ["reply"]
[runtime]
kind = "process"
[agent]
labels = ["order"]
"""
WAITS = """
from hyperpersonal_sdk import Agent
plugin = Agent()

@plugin.reply
def reply(turn, host):
    found = host.search(turn.text, limit=1)
    said = host.call("model.generate", messages=[{"role": "user", "text": turn.text}])
    return f"{said.text} {found[0].id}"
"""
Say = Callable[[str], None]


class Plan(Struct, frozen=True):
    """What is measured. `cache`: folder of compiled guests. `samples`: calls of each kind. `js`:
    the component of the agent in TypeScript; else `js_absent` says why there is none."""

    cache: Path
    samples: int
    js: bytes = b""
    js_absent: str = ""
    waiting: int = WAITING


async def bench_kinds(plan: Plan, say: Say = lambda step: None) -> dict[str, dict[str, Any]]:
    """Figures by kind; a kind that cannot run here has only `absent`, the reason."""
    world = World(tools=bench._TOOLS, passages=[bench._PASSAGE])
    host = Host(plan.cache, workers=1)
    await host.start(FakePorts(world).ports())
    figures: dict[str, dict[str, Any]] = {}
    try:
        for kind, call in _calls(plan).items():
            say(f"the sandbox: {kind}")
            why = await _absent(host, kind, call, plan)
            figures[kind] = {"absent": why} if why else await _Kind(host, world, call).figures(plan)
    finally:
        await host.close()
    return figures


def _calls(plan: Plan) -> dict[str, HookCall]:
    """A call of each kind. The release of `python` is new each time: nobody has promoted it."""
    source = {"p/__init__.py": bench.REALISTIC.encode()}
    native = {**source, "plugin.toml": MANIFEST.encode()}
    limits = Limits(inline_wait_ms=10_000)
    return {
        "python": hook_call({**source, "new.txt": os.urandom(8)}, "p", bench.GRANTS, limits),
        "python_promoted": hook_call({**source, "own.txt": b""}, "p", bench.GRANTS, limits),
        "component_js": hook_call(
            {"p.wasm": plan.js}, "p.wasm", bench.GRANTS, limits, runtime_kind="component"
        ),
        "process": hook_call(native, "p", bench.GRANTS, limits, runtime_kind="process"),
    }


async def _absent(host: Host, kind: str, call: HookCall, plan: Plan) -> str:
    """Why this kind is not measured; promotes what is to be measured promoted."""
    if kind == "component_js" and not plan.js:
        return plan.js_absent or "no component was given"
    if kind == "python_promoted" and (why := await host.promote(call.release)):
        return why
    result = await host.call(_in("first", call))
    return "" if result.outcome == "ok" else f"{result.outcome}: {result.detail}"


class _Kind:
    """One kind before one world."""

    def __init__(self, host: Host, world: World, call: HookCall) -> None:
        self._host = host
        self._world = world
        self._call = call
        self._resident = call.release.runtime_kind == "process"

    async def figures(self, plan: Plan) -> dict[str, float]:
        cold = await self._batches(min(plan.samples, COLD_PROCESSES_MAX) if self._resident
                                   else plan.samples, "cold-{}")  # fmt: skip
        warm = await self._batches(plan.samples, "warm")
        turn = warm if self._resident else cold  # a resident process is never fresh
        return {
            "cold_ms_p50": round(statistics.median(cold[0]), 3),
            "warm_ms_p50": round(statistics.median(warm[0]), 3),
            "turn_cpu_ms_p50": round(statistics.median(turn[1]), 3),
            "instance_mib": round(await self._instance_mib(), 3),
            "calls_per_s_core": round(await self._rate(plan.samples)),
        }

    async def _batches(self, count: int, where: str) -> tuple[list[float], list[float]]:
        """(ms of each call, CPU ms a call of each batch), one call after the other."""
        for number in range(3):
            await self._one(where.format(f"first-{number}"))
        elapsed: list[float] = []
        cpu: list[float] = []
        for start in range(0, count, BATCH):
            before, size = cpu_seconds(), min(BATCH, count - start)
            names = (where.format(number) for number in range(start, start + size))
            elapsed += [(await self._one(name)).elapsed_ms for name in names]
            cpu.append((cpu_seconds() - before) * 1e3 / size)
        return elapsed, cpu

    async def _one(self, where: str) -> CallResult:
        result = await self._host.call(_in(where, self._call))
        assert result.outcome == "ok", result
        return result

    async def _rate(self, count: int) -> float:
        """Warm calls a second of CPU, some at once, each in an installation of its own."""

        async def loop(number: int) -> None:
            for _ in range(max(1, count // AT_ONCE)):
                await self._one(f"rate-{number}")

        await asyncio.gather(*(self._one(f"rate-{number}") for number in range(AT_ONCE)))
        before = cpu_seconds()
        await asyncio.gather(*(loop(number) for number in range(AT_ONCE)))
        return AT_ONCE * max(1, count // AT_ONCE) / (cpu_seconds() - before)

    async def _instance_mib(self) -> float:
        """Private memory that one live instance adds: some of them, held in a call."""
        gate = asyncio.Event()

        async def held() -> object:
            await gate.wait()
            return bench._ORDER

        before = private_mib()
        self._world.tools = {**bench._TOOLS, "commerce.orders.get": lambda _: held()}
        calls = [self._one(f"held-{number}") for number in range(HELD)]
        tasks = [asyncio.ensure_future(call) for call in calls]
        await asyncio.sleep(HELD_SECONDS)
        mib = (private_mib() - before) / HELD
        gate.set()
        await asyncio.gather(*tasks)
        self._world.tools = bench._TOOLS
        return mib


async def bench_waiting(plan: Plan, say: Say = lambda step: None) -> dict[str, float]:
    """Turns that wait for a model, all at once in one worker: how many end well, and the memory
    that all processes together take for each while it waits."""
    say(f"{plan.waiting} turns that wait for a model")
    slow, world = _Slow(plan.waiting), World(passages=[bench._PASSAGE])
    ports = msgspec.structs.replace(FakePorts(world).ports(), model=slow)
    host = Host(plan.cache, workers=1)
    await host.start(ports)
    try:
        limits = Limits(inline_wait_ms=WAITING_INLINE_MS, deadline_ms=WAITING_DEADLINE_MS)
        grants = ("knowledge:read", "model:generate<=20k tokens/turn")
        call = hook_call({"p/__init__.py": WAITS.encode()}, "p", grants, limits)
        await host.call(_turn(msgspec.structs.replace(call, grants=()), "first"))
        before = private_mib()
        tasks = [
            asyncio.ensure_future(host.call(_turn(call, str(number))))
            for number in range(plan.waiting)
        ]
        async with asyncio.timeout(WAITING_DEADLINE_MS / 1000):
            await slow.all_wait.wait()
        await asyncio.sleep(HELD_SECONDS)
        total = private_mib()
        slow.gate.set()
        held = sum(result.outcome == "ok" for result in await asyncio.gather(*tasks))
    finally:
        await host.close()
    return {
        "waiting_turns_held": held,
        "waiting_turn_mib": round((total - before) / plan.waiting, 4),
        "waiting_all_mib": round(total, 1),
    }


class _Slow:
    """A model that answers all who wait at once, when the gate is opened."""

    def __init__(self, expected: int) -> None:
        self.gate, self.all_wait = asyncio.Event(), asyncio.Event()
        self._missing = expected

    async def generate(self, *_asked: object) -> HostAnswer:
        self._missing -= 1
        if not self._missing:
            self.all_wait.set()
        await self.gate.wait()
        usage = {"tokens_in": 1, "tokens_out": 1}
        return HostAnswer({"text": "Soon.", "stop": "end", "uses": [], "usage": usage})

    async def delta(self, *_told: object) -> HostAnswer:
        return HostAnswer({})


def _in(where: str, call: HookCall) -> HookCall:
    """The call in an installation of this name, whose instance is kept for its next call."""
    scope = msgspec.structs.replace(call.scope, installation_id=where, path="1")
    return msgspec.structs.replace(bench._with_text(call), scope=scope, limits=call.limits)


def _turn(call: HookCall, number: str) -> HookCall:
    scope = msgspec.structs.replace(call.scope, turn_id=f"turn-{number}")
    text = b'{"text": "Where is my order?", "history": []}'
    return msgspec.structs.replace(call, scope=scope, payload=text)


def cpu_seconds() -> float:
    """CPU time of this process and of all below it. Source: clock_getcpuclockid(3), Linux."""
    return time.process_time() + sum(_clock(pid) for pid in _below(_self()))


def private_mib() -> float:
    """Private pages of this process and of all below it. Source: proc_pid_smaps(5)."""
    return sum(_private_kib(pid) for pid in (_self(), *_below(_self()))) / 1024


def _self() -> int:
    return int(Path("/proc/self").readlink().name)


def _below(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from _below(int(child))


def _clock(pid: int) -> float:
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:  # it has just ended
        return 0.0


def _private_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended, or is a zombie
        return 0
    return sum(
        int(line.split()[1])
        for line in lines
        if line.startswith(("Private_Dirty:", "Private_Clean:"))
    )
