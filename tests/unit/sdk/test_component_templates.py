"""Plugins in TypeScript and C: from an empty folder to answers in the sandbox, and what the typed
SDK promises when a host call sleeps, fails or is given something odd. Needs npm; C needs Zig."""

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fakes.components import component_call
from hyperpersonal_runtime.calls import CallResult
from hyperpersonal_runtime.testing import SandboxServer, World, default_cache
from hyperpersonal_sdk import build
from hyperpersonal_sdk.cli import plugin
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, Outcome

pytestmark = pytest.mark.timeout(900)  # the first run of a machine fetches npm's packages
READ = "tool:commerce.orders.read"
ASK = {"text": "Where is my order #W1234567?"}
ODD = """
import { plugin, HostCallFailed, ToolFailed, type Host, type Hook } from "@hyperpersonal/sdk";

const hooks: Record<string, Hook> = {
  greedy(_, host: Host) {
    try {
      return host.tool("commerce.orders.get", { order_id: "1" });
    } catch (error) {
      try { host.tool("commerce.orders.get", { order_id: "2" }); } catch {}
      return { caught: String(error), failed: error instanceof HostCallFailed };
    }
  },
  refused(_, host: Host) {
    try {
      return host.call("kv.put", { key: "a", value: "b" });
    } catch (error) {
      return [(error as HostCallFailed).kind, error instanceof ToolFailed];
    }
  },
  throws: (payload) => { throw new RangeError(payload.text); },
  says: (payload) => { throw new HostCallFailed("not-found", payload.text); },
  promise: async () => 1,
  cyclic() { const round: any = {}; round.self = round; return round; },
  prints: (payload) => { console.log("seen", payload, 3); console.warn(null); return null; },
  clocks: () => [typeof Date.now(), new Date(Date.now()).getUTCFullYear() > 2020],
  draws: () => [Math.random(), Math.random()],
  reaches: () => [typeof fetch, typeof process, typeof WebAssembly, typeof os],
};
declare const process: unknown, os: unknown;
export const handle = plugin(hooks);
"""


def made(template: str, source: str = "", key: str = "own") -> bytes:
    """The template's component, of another source where one is given; skips without its tools.

    The tools stay in the cache, so that only the first run of a machine fetches them."""
    kept = default_cache().parent / "templates" / f"{template}-{key}"
    kept.mkdir(parents=True, exist_ok=True)
    fresh = kept / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    done = CliRunner().invoke(
        plugin, ["init", "acme/order_status", "--template", template, "--into", str(fresh)]
    )
    assert done.exit_code == 0, done.output
    if source:
        (fresh / build.SOURCE).write_text(source)
    for path in fresh.rglob("*"):
        target = kept / path.relative_to(fresh)
        if path.is_dir():
            target.mkdir(exist_ok=True)
        elif not target.exists() or target.read_bytes() != path.read_bytes():
            target.write_bytes(path.read_bytes())
    try:
        build.ensure_built(kept, "plugin.wasm")
    except build.ToolsMissingError as error:
        pytest.skip(str(error))
    return (kept / "plugin.wasm").read_bytes()


@pytest.mark.parametrize("template", ["typescript", "c"])
def test_that_a_new_plugin_answers_from_the_shop(
    sandbox_server: SandboxServer, template: str
) -> None:
    call = component_call(made(template), READ)
    world = World(tools={"commerce.orders.get": {"id": "#W1234567", "status": "delivered"}})
    result = sandbox_server.call(call, "reply", ASK, world)
    assert "is delivered." in json.loads(result.value)["text"]
    assert world.tool_calls[0][:2] == ("commerce.orders.get", {"order_id": "#W1234567"})
    asking = sandbox_server.call(call, "reply", {"text": "Where is it?"}, world)
    assert json.loads(asking.value)["status"] == "asking"
    unknown = World(tools={"commerce.orders.get": Failure(FailureKind.NOT_FOUND, "no such order")})
    missed = sandbox_server.call(call, "reply", ASK, unknown)
    assert (missed.outcome, "no such order" in missed.detail) == (Outcome.REFUSED, True)


@pytest.mark.parametrize("template", ["typescript", "c"])
def test_that_a_slow_shop_is_waited_for_by_running_again(
    sandbox_server: SandboxServer, template: str
) -> None:
    async def slow(_arguments: object) -> object:
        await asyncio.sleep(0.4)
        return {"id": "#W1234567", "status": "pending"}

    world = World(tools={"commerce.orders.get": slow})
    result = sandbox_server.call(component_call(made(template), READ), "reply", ASK, world)
    assert "pending" in json.loads(result.value)["text"]
    assert (result.runs, len(world.tool_calls)) == (2, 1)


@pytest.fixture
def odd(sandbox_server: SandboxServer) -> Callable[..., CallResult]:
    call = component_call(made("typescript", ODD, "odd"), READ)

    def run(hook: str, payload: Any = None, world: World | None = None) -> CallResult:
        return sandbox_server.call(call, hook, payload, world)

    return run


def test_that_a_caught_suspension_is_one_all_the_same(odd: Callable[..., CallResult]) -> None:
    async def slow(arguments: dict[str, Any]) -> object:
        await asyncio.sleep(0.4)
        return {"id": arguments["order_id"]}

    world = World(tools={"commerce.orders.get": slow})
    result = odd("greedy", world=world)
    assert (result.outcome, json.loads(result.value)) == (Outcome.OK, {"id": "1"})
    assert (result.runs, len(world.tool_calls)) == (2, 1), "nothing was asked while it slept"


@pytest.mark.parametrize(
    ("hook", "outcome", "words"),
    [
        ("throws", Outcome.TRAPPED, "RangeError: too far"),
        ("says", Outcome.REFUSED, "not-found: too far"),
        ("promise", Outcome.TRAPPED, "no async function"),
        ("cyclic", Outcome.TRAPPED, "TypeError"),
        ("missing", Outcome.REFUSED, "this plugin has no hook missing"),
        ("toString", Outcome.REFUSED, "this plugin has no hook toString"),
    ],
)
def test_that_every_way_out_is_typed(
    odd: Callable[..., CallResult], hook: str, outcome: Outcome, words: str
) -> None:
    result = odd(hook, {"text": "too far"})
    assert (result.outcome, words in result.detail) == (outcome, True), result


def test_that_refusals_and_logs_reach_their_readers(odd: Callable[..., CallResult]) -> None:
    assert json.loads(odd("refused").value) == ["denied", False]
    assert odd("prints", {"a": 1}).logs == ('info: seen {"a":1} 3', "warn: null")


def test_that_time_and_chance_come_from_the_journal(odd: Callable[..., CallResult]) -> None:
    clocks, first, second = odd("clocks"), odd("draws"), odd("draws")
    assert json.loads(clocks.value) == ["number", True]
    assert [entry.name for entry in clocks.journal] == ["clock.now"]
    assert [entry.name for entry in first.journal] == ["random.bytes"]
    drawn = [*json.loads(first.value), *json.loads(second.value)]
    assert len(set(drawn)) == 4
    assert all(0 <= one < 1 for one in drawn)


def test_that_there_is_nothing_else_to_reach(odd: Callable[..., CallResult]) -> None:
    assert json.loads(odd("reaches").value) == ["undefined"] * 4


def test_that_wrong_sources_are_told_with_their_place(tmp_path: Path) -> None:
    with pytest.raises(build.BuildFailedError, match=r"src/plugin\.ts.*error TS2322"):
        made("typescript", "export const handle: 1 = 2;\n", "wrong")
    with pytest.raises(build.BuildFailedError, match=r"there is no src/plugin\.ts"):
        build.build(tmp_path, "plugin.wasm")
