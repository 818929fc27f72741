"""The kind `component`: compiled here, checked for its shape, held to every plugin's limits."""

import asyncio
from pathlib import Path
from typing import Never

import msgspec
import pytest
from fakes.components import BURN, GROW, component, component_call, wat
from hyperpersonal_runtime.builder import Builder
from hyperpersonal_runtime.calls import CallResult, HookCall, Limits
from hyperpersonal_runtime.compiled import Compiled
from hyperpersonal_runtime.ending import End
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.kinds.component import ComponentKind
from hyperpersonal_runtime.kinds.python import PythonKind
from hyperpersonal_runtime.pool import WorkerPool
from hyperpersonal_runtime.promotion import Promoter
from hyperpersonal_runtime.testing import SandboxServer, World
from hyperpersonal_runtime.wasm.engine import precompile
from hyperpersonal_runtime.wasm.guests import Guests, NoGuestError
from hyperpersonal_sdk.contract.outcomes import Outcome
from wasmtime import wat2wasm

READ = "tool:commerce.orders.read"
GET = {"name": "tool.call", "payload": '{"tool":"commerce.orders.get","arguments":{}}'}


def _never(*_: object) -> Never:
    raise AssertionError


def run(server: SandboxServer, call: HookCall, world: World | None = None) -> CallResult:
    return server.call(call, "configure", {}, world)


def test_that_a_component_runs_behind_the_same_journal(sandbox_server: SandboxServer) -> None:
    result = run(sandbox_server, component_call(component()))
    assert result.outcome is Outcome.OK, result
    assert set(msgspec.json.decode(result.value)) == {"now"}
    assert [(entry.path, entry.name) for entry in result.journal] == [("1", "clock.now")]


def test_that_grants_hold_for_components(sandbox_server: SandboxServer) -> None:
    world = World(tools={"commerce.orders.get": {"id": "1"}})
    asks = component(**GET)
    granted = run(sandbox_server, component_call(asks, READ), world)
    assert msgspec.json.decode(granted.value)["value"] == {"id": "1"}
    refused = run(sandbox_server, component_call(asks), world)
    assert (refused.outcome, READ in refused.detail) == (Outcome.REFUSED, True)
    assert len(world.tool_calls) == 1


def test_that_a_slow_answer_suspends_a_component(sandbox_server: SandboxServer) -> None:
    async def slow(_arguments: object) -> object:
        await asyncio.sleep(0.4)
        return {"id": "1"}

    world = World(tools={"commerce.orders.get": slow})
    result = run(sandbox_server, component_call(component(**GET), READ), world)
    assert (result.outcome, result.runs, len(world.tool_calls)) == (Outcome.OK, 2, 1), result


@pytest.mark.parametrize(
    ("body", "outcome", "words"),
    [
        (BURN, Outcome.TIMED_OUT, "ms of CPU"),
        (GROW, Outcome.TRAPPED, "unreachable"),
        ("(i32.const 65536000)", Outcome.TRAPPED, ""),
    ],
)
def test_that_limits_hold_for_components(
    sandbox_server: SandboxServer, body: str, outcome: Outcome, words: str
) -> None:
    result = run(sandbox_server, component_call(component(body), limits=Limits(guest_cpu_ms=50)))
    assert result.outcome is outcome, result
    assert words in result.detail
    assert run(sandbox_server, component_call(component())).outcome is Outcome.OK


SHAPES = {
    "another import": (
        component(more='(import "evil:net/socket@1.0.0" (instance (export "open" (func))))'),
        "it imports evil:net/socket@1.0.0",
    ),
    "a function the host does not have": (
        component(
            call='(func (param "x" string))', lowered="(param i32 i32)", body="unreachable"
        ).replace(b"call", b"exec"),
        "which the host does not have",
    ),
    "call without arguments": (
        component("unreachable", call="(func)", lowered=""),
        "it imports hyper:plugin/host@1.0.0#call as func()",
    ),
    "call that answers more": (
        component("unreachable", call="(func (result (list string)))", lowered="(param i32)"),
        "as func()->list<string>",
    ),
    "another host": (
        component(host="hyper:plugin/host@2.0.0"),
        "it imports hyper:plugin/host@2.0.0",
    ),
    "a clock of another shape": (
        component(
            more='(import "wasi:clocks/wall-clock@0.2.6" (instance '
            '(export "now" (func (param "x" string) (result u64)))))'
        ),
        "#now as func(string)->u64",
    ),
    "no handle": (component(export="run"), "it exports handle as nothing"),
    "an export too many": (
        bytes(wat2wasm(wat().rstrip()[:-1] + '(export "more" (func $handle)))')),
        "it exports more",
    ),
    "a core module": (bytes(wat2wasm("(module)")), "it is no WebAssembly component"),
    "nonsense": (b"\0asm\x0d\0\1\0nonsense", "it is no WebAssembly component"),
    "shared memory": (
        bytes(wat2wasm("(component (core module (memory 1 1 shared)))")),
        "it is no WebAssembly component",
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_that_a_component_of_another_shape_is_refused(
    sandbox_server: SandboxServer, shape: str
) -> None:
    data, words = SHAPES[shape]
    result = run(sandbox_server, component_call(data))
    assert result.outcome is Outcome.REFUSED, result
    assert words in result.detail


def test_that_a_missing_entry_is_refused(sandbox_server: SandboxServer) -> None:
    call = component_call(component())
    release = msgspec.structs.replace(call.release, entry="other.wasm", digest="sha256:other")
    result = run(sandbox_server, msgspec.structs.replace(call, release=release))
    assert (result.outcome, "no file other.wasm" in result.detail) == (Outcome.REFUSED, True)


async def test_that_compiling_has_a_deadline(tmp_path: Path) -> None:
    pool = WorkerPool(_never, tmp_path / "none.cwasm", 1, 1)
    compiled = Compiled(tmp_path)
    release = component_call(component()).release
    for seconds, wanted in ((0.0, Outcome.OVER_LIMIT), (300.0, "component-")):
        builder = Builder(find_jail(), tmp_path, seconds)
        python = PythonKind(pool, Promoter(builder, compiled, tmp_path / "none.cwasm"))
        ready = await ComponentKind(python, builder, compiled).ready(release)
        found = ready.outcome if isinstance(ready, End) else ready.component[:10]
        assert found == wanted, ready


def test_that_only_so_much_machine_code_stays_mapped(tmp_path: Path) -> None:
    for name in ("shared", "a-1", "b-2"):
        source = tmp_path / f"{name}.wasm"
        source.write_bytes(component(payload=f'{{"{name}":1}}'))
        precompile(source, tmp_path / f"{name}.cwasm")
    guests = Guests(tmp_path / "shared.cwasm", bytes_max=1)
    first, shared = guests.get("a-1.cwasm"), guests.get("")
    assert guests.get("a-1.cwasm") is first, "one is always kept"
    guests.get("b-2.cwasm")
    assert guests.get("a-1.cwasm") is not first
    assert guests.get("") is shared
    for name in ("c-3.cwasm", "../a-1.cwasm", "a-1.wasm"):
        with pytest.raises(NoGuestError):
            guests.get(name)


async def test_that_one_build_at_a_time_runs_and_leaves_nothing(tmp_path: Path) -> None:
    builder = Builder(find_jail(), tmp_path)
    busy = 0

    async def build() -> int:
        nonlocal busy
        async with builder.stage() as stage:
            busy += 1
            (stage / "left.txt").write_text("x")
            await asyncio.sleep(0.01)
            seen, busy = busy, busy - 1
        return seen

    assert await asyncio.gather(*(build() for _ in range(5))) == [1] * 5
    assert list(tmp_path.iterdir()) == []
