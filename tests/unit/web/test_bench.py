"""Every measurement runs with tiny counts and gives all its figures; wrong options are refused."""

import asyncio
import os
import re
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop
from click.testing import CliRunner
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_runtime.bench import bench_guest
from hyperpersonal_runtime.bench_kinds import Plan, bench_kinds, bench_waiting
from hyperpersonal_web.bench.ingest import bench_ingest
from hyperpersonal_web.bench.model_turns import bench_model_turns
from hyperpersonal_web.bench.parts import PARTS, PartMeter
from hyperpersonal_web.bench.sockets import bench_sockets
from hyperpersonal_web.bench.terms import Terms
from hyperpersonal_web.bench.turns import bench_turns
from hyperpersonal_web.cli.bench import bench
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.paths import ROOT
from hyperpersonal_web.wiring import GUEST_CACHE

KIND_FIGURES = {
    "cold_ms_p50",
    "warm_ms_p50",
    "turn_cpu_ms_p50",
    "instance_mib",
    "calls_per_s_core",
}
TINY = Terms(seconds=0.5, count=4)
pytestmark = pytest.mark.timeout(600)  # servers, sandboxes and loads: minutes on a slow machine

Measure = Callable[[Props, Terms], Coroutine[Any, Any, dict[str, float]]]


@pytest.fixture(scope="module")
def props() -> Iterator[Props]:
    settings = Settings(data_dir=ROOT / ".hp")  # the compiled guest there is shared by all tests
    stage = Props(settings, lambda *_: None, throwaway=f"bench-test-{os.getpid()}")
    try:
        stage.start()
        yield stage
    finally:
        stage.stop()
    assert not stage.folder.exists()


def figures_of(measure: Measure, props: Props) -> dict[str, float]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(props, TINY))


def test_model_turns_are_measured_with_all_their_parts(props: Props) -> None:
    async def at_once(props: Props, terms: Terms) -> dict[str, float]:
        return await bench_model_turns(props, terms, (0,))

    figures = figures_of(at_once, props)
    assert figures["turns_per_s_c32"] > 0
    assert figures["turns_per_s_c256"] > 0
    assert 0 < figures["added_ms_p50"] <= figures["added_ms_p99"]
    assert figures["first_words_ms_p50"] > 80  # the stub takes so long for the first sentence
    parts = {"cpu_ms_turn", "pg_cpu_ms_turn", *(f"cpu_ms_turn_{p}" for p in PARTS if p[0] != "p")}
    assert parts <= set(figures)


def test_ingest_is_measured_until_stored_and_until_echoed(props: Props) -> None:
    figures = figures_of(bench_ingest, props)
    rates = {"ingest_post", "ingest_ws", "echo", "echo_post", "append", "append_alone"}
    assert all(figures[f"{name}_msgs_per_s"] > 0 for name in rates)
    assert 0 < figures["ingest_ms_p50"] <= figures["ingest_ms_p99"]
    assert 0 < figures["echo_ms_p50"] <= figures["echo_ms_p99"]
    assert figures["group_commit_ratio"] > 0
    assert figures["echo_cpu_ms"] > 0


def test_turns_are_measured_with_a_trivial_and_with_the_order_agent(props: Props) -> None:
    figures = figures_of(bench_turns, props)
    assert figures["turns_python_fresh_per_s"] > 0
    assert figures["order_agent_turns_per_s"] > 0
    for turn in ("turn", "order_agent_turn"):
        assert 0 < figures[f"{turn}_ms_p50"] <= figures[f"{turn}_ms_p99"]
        assert figures[f"{turn}_cpu_ms_p50"] > 0
        assert all(figures[f"{turn}_cpu_ms_{part}"] >= 0 for part in PARTS)


def test_sockets_are_held_and_all_hear_the_broadcast(props: Props) -> None:
    figures = figures_of(bench_sockets, props)
    assert figures["sockets_held"] == figures["broadcast_heard"] == TINY.count
    assert 0 < figures["broadcast_ms_p50"] <= figures["broadcast_ms_p99"]
    assert "socket_kib" in figures


def test_the_guest_is_measured_alone() -> None:
    figures = asyncio.run(bench_guest(ROOT / ".hp" / GUEST_CACHE, samples=5))
    for name in ("instantiate_ms_p50", "load_ms_p50", "call_ms_p50", "mib"):
        assert figures[f"guest_{name}"] > 0


def test_every_kind_of_sandbox_is_measured_or_told_to_be_absent() -> None:
    plan = Plan(ROOT / ".hp" / GUEST_CACHE, samples=8, js_absent="no npm", waiting=20)
    kinds = asyncio.run(bench_kinds(plan))
    assert kinds.pop("component_js") == {"absent": "no npm"}
    assert set(kinds) == {"python", "python_promoted", "process"}
    for figures in kinds.values():
        assert figures.keys() == KIND_FIGURES
        assert all(figure > 0 for figure in figures.values()), figures
    waiting = asyncio.run(bench_waiting(plan))
    assert waiting["waiting_turns_held"] == 20
    assert waiting["waiting_turn_mib"] < 1


def test_a_part_of_the_product_counts_what_it_used(props: Props) -> None:
    meter = PartMeter(without=props.shop.pid)
    before = meter.seconds()
    assert set(before) == set(PARTS)
    assert before["postgresql"] > 0
    assert sum(range(2_000_000))
    after = meter.seconds()
    assert after["server"] > before["server"]
    assert all(after[part] >= before[part] for part in PARTS)


@pytest.mark.parametrize(
    "arguments",
    [["speed"], ["turns", "--seconds", "0"], ["guest", "--count", "0"], ["guest", "--json", "."]],
)
def test_wrong_options_are_refused_before_anything_starts(arguments: list[str]) -> None:
    done = CliRunner().invoke(bench, arguments)
    assert done.exit_code == 2
    assert "Error" in done.output


def test_the_command_prints_its_figures_and_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hyperpersonal_web.cli.bench.Props", _NoProps)
    monkeypatch.setitem(bench.callback.__globals__["MEASURES"], "guest", _measure_nothing)
    out = tmp_path / "figures.json"
    done = CliRunner().invoke(bench, ["guest", "--json", str(out)])
    assert done.exit_code == 0, done.output
    assert "guest_call_ms_p50" in done.output
    assert re.search(r"process absent +none here", done.output)
    assert msgspec.json.decode(out.read_bytes())["guest_call_ms_p50"] == 1.5


class _NoProps:
    def __init__(self, *_: object, **__: object) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


async def _measure_nothing(props: Props, terms: Terms) -> dict[str, Any]:
    return {"guest_call_ms_p50": 1.5, "process": {"absent": "none here"}}
