"""Programs that take all they can get: each meets its ceiling, and its jail ends alone."""

import json
import platform
import signal
from typing import Any

import pytest

MIB = 1 << 20
MEMORY = 160 * MIB
TIERS = pytest.mark.parametrize("tier", ["namespaces", "landlock"])
SIGNALLED = 128  # how bubblewrap says "ended by a signal"


def got(end: dict[str, Any]) -> Any:
    assert end["code"] == 0, end["said"]
    return json.loads(end["said"])


def killed_by(end: dict[str, Any]) -> int:
    code = end["code"]
    return -code if code < 0 else code - SIGNALLED


@pytest.mark.parametrize("profile", ["worker", "plugin"])
@TIERS
def test_that_a_program_gets_its_memory_and_no_more(tier: str, profile: str, jailed: Any) -> None:
    wanted = {"tier": tier, "profile": profile, "memory": MEMORY}
    assert 50 < got(jailed("bombs.py", only=["memory"], **wanted)) < MEMORY // MIB
    assert got(jailed("bombs.py", only=["shared"], **wanted)) == 0


def test_that_a_control_group_counts_what_a_process_cannot_see(jailed: Any) -> None:
    """Files of the scratch folder are memory too."""
    wanted = {"tier": "namespaces", "profile": "plugin", "memory": 64 * MIB, "scratch": MEMORY}
    end = jailed("bombs.py", only=["scratch"], **wanted)
    if not end["counts"]:
        pytest.skip("this user may not make control groups here")
    assert killed_by(end) == signal.SIGKILL


@TIERS
def test_that_threads_are_counted(tier: str, jailed: Any) -> None:
    limits = {"memory": 7 * MEMORY, "processes": 16}
    started = got(jailed("bombs.py", tier=tier, profile="plugin", only=["threads"], **limits))
    assert started < 150, "by a control group, by the user's namespace, or by their stacks"


def test_that_scratch_is_bounded_as_a_whole(jailed: Any) -> None:
    end = jailed("bombs.py", tier="namespaces", profile="plugin", scratch=8 * MIB, only=["scratch"])
    assert 6 <= got(end) <= 8


@TIERS
def test_that_open_files_and_words_are_bounded(tier: str, jailed: Any) -> None:
    assert got(jailed("bombs.py", tier=tier, profile="plugin", only=["files"])) < 100
    end = jailed("bombs.py", tier=tier, profile="plugin", only=["output"])
    assert len(end["said"]) == 64 * 1024


@TIERS
def test_that_time_is_bounded(tier: str, jailed: Any) -> None:
    end = jailed("bombs.py", tier=tier, profile="plugin", cpu_seconds=1, only=["cpu"])
    assert end["code"] is not None, "its limit ended it, not the runner's patience"
    assert killed_by(end) in (signal.SIGXCPU, signal.SIGKILL)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x86_64 has a second table of calls")
@pytest.mark.parametrize("profile", ["worker", "plugin", "builder"])
@TIERS
def test_that_calls_by_the_old_gate_end_the_process(tier: str, profile: str, jailed: Any) -> None:
    assert killed_by(jailed("bombs.py", tier=tier, profile=profile, only=["old_numbers"])) in (
        signal.SIGSYS,
        signal.SIGSEGV,  # where the kernel has no such gate
    )


@TIERS
def test_that_an_abort_ends_only_its_own_process(tier: str, jailed: Any) -> None:
    end = jailed("bombs.py", tier=tier, profile="plugin", only=["abort"])
    assert killed_by(end) in (signal.SIGABRT, signal.SIGSEGV, signal.SIGILL)
