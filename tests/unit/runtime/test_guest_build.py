"""The guest is built once for its content; two builders never see half a file."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest
from hyperpersonal_runtime import guest_build
from hyperpersonal_runtime.bench import bench_guest
from hyperpersonal_runtime.guest_build import GuestBuildError, ensure_guest
from hyperpersonal_runtime.testing import default_cache


def test_that_a_cached_guest_is_found_at_once_and_nothing_is_left_behind() -> None:
    cache = default_cache()
    first = ensure_guest(cache)
    started = time.process_time()
    told: list[str] = []
    assert ensure_guest(cache, lambda stage, _: told.append(stage)) == first
    assert (told, time.process_time() - started < 5) == ([], True)


def test_that_a_tool_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "tool.py"
    tool.write_text("import sys; sys.exit('no such world')")
    monkeypatch.setattr(guest_build, "_COMPONENTIZE", tool)
    with pytest.raises(GuestBuildError, match="could not build the Python guest: no such world"):
        ensure_guest(tmp_path)
    assert list(tmp_path.glob("*.cwasm")) == []
    assert list(tmp_path.glob("build-*")) == []


def test_that_a_step_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "tool.py"
    tool.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(guest_build, "_COMPONENTIZE", tool)
    monkeypatch.setattr(guest_build, "STEP_SECONDS_MAX", 0.3)
    with pytest.raises(GuestBuildError, match=r"longer than 0.3 s"):
        ensure_guest(tmp_path)


def test_that_other_content_has_another_key(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1")
    one = guest_build._key(tmp_path)
    (tmp_path / "a.py").write_text("x = 2")
    assert guest_build._key(tmp_path) != one


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("HP_SLOW"), reason="builds the guest: set HP_SLOW=1")
def test_that_two_builders_at_once_build_one_guest(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        built = pool.map(ensure_guest, [tmp_path, tmp_path])
    assert built[0] == built[1]
    assert len(list(tmp_path.glob("*.cwasm"))) == 1


async def test_that_the_bench_gives_every_figure() -> None:
    figures = await bench_guest(default_cache(), samples=3)
    assert set(figures) == {
        "guest_instantiate_ms_p50", "guest_load_ms_p50", "guest_call_ms_p50", "guest_mib",
        "guest_trivial_cpu_ms", "guest_order_turn_cpu_ms", "guest_connector_cpu_ms",
    }  # fmt: skip
    assert all(value > 0 for value in figures.values())
