"""Nothing outlives its jail, and no jail outlives its host."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.jail.program import Jail, Jailed, Program

TIERS = pytest.mark.parametrize("tier", ["namespaces", "landlock"])
SECONDS_MAX = 60
KILLS = int(os.environ.get("HP_HOST_KILLS", "4"))
PR_SET_CHILD_SUBREAPER = 36
BUSY = "import signal\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: pass\n"
HOST = """
import sys, time
from pathlib import Path
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.jail.program import Program
program = Program(argv=(sys.executable, sys.argv[2]), readable=(Path(sys.argv[2]),))
jail = find_jail(sys.argv[1])
if sys.argv[3:]:
    print(flush=True)
print(jail.spawn(program).inner, jail.spawn(program).inner, flush=True)
time.sleep(100)
"""


@pytest.fixture
def busy(tmp_path: Path) -> Program:
    """A program that ends by nothing but a kill."""
    script = tmp_path / "busy.py"
    script.write_text(BUSY)
    return Program(argv=(sys.executable, str(script)), readable=(script,))


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie that nobody reaped has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_gone(*pids: int) -> None:
    ends = time.monotonic() + SECONDS_MAX
    while not all(gone(pid) for pid in pids):
        assert time.monotonic() < ends, "it is still there"
        time.sleep(0.02)


def started(jail: Jail, program: Program) -> Jailed:
    process = jail.spawn(program)
    time.sleep(0.2)
    assert process.poll() is None, process.said
    return process


@TIERS
def test_that_a_kill_of_the_starter_ends_what_is_inside(tier: str, busy: Program) -> None:
    process = started(find_jail(tier), busy)
    process.kill()
    wait_until_gone(process.inner)
    assert process.wait(SECONDS_MAX) == -signal.SIGKILL


@TIERS
def test_that_a_kill_of_what_is_inside_ends_the_starter(tier: str, busy: Program) -> None:
    process = started(find_jail(tier), busy)
    os.kill(process.inner, signal.SIGKILL)
    assert process.wait(SECONDS_MAX) != 0


@TIERS
def test_that_a_killed_host_leaves_nothing_behind(tier: str, busy: Program) -> None:
    words = [sys.executable, "-c", HOST, tier, busy.argv[1]]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        pids = [int(word) for word in host.stdout.readline().split()]
        assert [gone(pid) for pid in pids] == [False, False]
        host.kill()
        wait_until_gone(*pids)


@TIERS
def test_that_a_program_outlives_the_thread_that_asked_for_it(tier: str, busy: Program) -> None:
    """The kernel's parent-died signal is about threads."""
    jail, found = find_jail(tier), []
    asking = threading.Thread(target=lambda: found.append(jail.spawn(busy)))
    asking.start()
    asking.join()
    time.sleep(0.3)
    (process,) = found
    assert process.poll() is None
    process.kill()
    process.wait(SECONDS_MAX)
    wait_until_gone(process.inner)


@TIERS
def test_that_a_host_killed_at_any_moment_leaves_nothing(tier: str, busy: Program) -> None:
    """Orphans come to us while we are their reaper: what ends must end by itself."""
    random, before = Random(7), set(children())
    with orphans_come_here():
        for _ in range(KILLS):
            words = [sys.executable, "-c", HOST, tier, busy.argv[1], "told before"]
            with subprocess.Popen(words, stdout=subprocess.PIPE) as host:
                assert host.stdout is not None
                host.stdout.readline()
                time.sleep(random.uniform(0, 0.06))
                host.kill()
        ends = time.monotonic() + SECONDS_MAX
        while left := set(children()) - before:
            for pid in left:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            assert time.monotonic() < ends, f"still there: {left}"
            time.sleep(0.02)


@contextlib.contextmanager
def orphans_come_here() -> Iterator[None]:
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def children() -> list[int]:
    """Of all our threads."""
    listed = Path("/proc/self/task").glob("*/children")
    return [int(pid) for path in listed for pid in path.read_text().split()]
