"""The market's measurements run with tiny counts, and give every figure they promise."""

import asyncio
import os

import pytest
import uvloop
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_web.bench.registry import AIMS, bench_registry
from hyperpersonal_web.bench.samples import quantile, sampled
from hyperpersonal_web.bench.search import bench_search
from hyperpersonal_web.bench.terms import Terms
from hyperpersonal_web.bench.trust import RELEASES, bench_verify
from hyperpersonal_web.demo.stage import Props
from hyperpersonal_web.paths import ROOT
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.timeout(600)  # servers, hosts and sandboxes: minutes on a slow machine


def test_verification_is_measured_in_a_running_and_in_a_new_process() -> None:
    found = bench_verify(4, 2)
    assert found["verify_releases"] == 2 * RELEASES
    assert 0 < found["verify_ms_p50"] <= found["verify_ms_p99"]
    assert 0 < found["verify_fresh_ms_p50"] <= found["verify_fresh_ms_p99"]
    assert found["verify_cpu_ms"] < found["verify_fresh_cpu_ms"]


def test_search_is_measured() -> None:
    found = bench_search(5, 60)
    assert 0 < found["search_ms_p50"] <= found["search_ms_p95"]


def test_every_promised_figure_is_measured_on_servers_of_its_own() -> None:
    settings = Settings(data_dir=ROOT / ".hp")  # the compiled guest there is shared by all tests
    props = Props(settings, lambda *_: None, throwaway=f"bench-registry-test-{os.getpid()}")
    try:
        props.start()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(bench_registry(props, Terms(count=4)))
    finally:
        props.stop()
    assert set(AIMS) <= set(found)
    assert all(found[name] > 0 for name in AIMS)
    assert found["kill_hosts"] == 5
    assert found["install_plugins"] == 4


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_a_quantile_is_one_of_the_samples_and_that_many_do_not_exceed_it(
    found: list[float], percent: int
) -> None:
    limit = quantile(found, percent)
    assert limit in found
    assert sum(one <= limit for one in found) * 100 >= percent * len(found)


def test_samples_do_not_count_the_first_ones() -> None:
    times = iter([900.0] * 5 + [1.0, 2.0, 3.0, 4.0])
    told = sampled(4, times)
    assert (told.p50, told.p99) == (2.5, 4.0)
    with pytest.raises(StopIteration):
        next(times)
