"""The market's measurements run with tiny counts, and give every figure they promise."""

import pytest
from hyperpersonal_web.bench.market import bench_search, bench_solve
from hyperpersonal_web.bench.samples import quantile, sampled
from hyperpersonal_web.bench.trust import RELEASES, bench_verify
from hypothesis import given
from hypothesis import strategies as st


def test_verification_is_measured_in_a_running_and_in_a_new_process() -> None:
    found = bench_verify(4, 2)
    assert found["verify_releases"] == 2 * RELEASES
    assert 0 < found["verify_ms_p50"] <= found["verify_ms_p99"]
    assert found["verify_ms_p50"] < found["verify_fresh_ms_p50"] <= found["verify_fresh_ms_p99"]


def test_search_and_bundles_are_measured() -> None:
    found = bench_search(5, 60)
    assert 0 < found["search_ms_p50"] <= found["search_ms_p95"]
    solved = bench_solve(20, 3)
    assert solved["solve_releases"] == 60
    assert solved["solve_s"] > 0
    assert solved["solve_conflict_s"] > 0


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
