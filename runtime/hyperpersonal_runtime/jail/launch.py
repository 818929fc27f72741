"""Starts a jailed process: what it gives up goes in by a pipe, what it says comes out by a file."""

import contextlib
import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hyperpersonal_runtime.jail.profiles import seccomp_filter
from hyperpersonal_runtime.jail.program import SAID_BYTES_MAX, Jailed, JailError, Program

BUILT_BYTES_MAX = 4 << 30
RESERVED_BYTES_MAX = 4 << 30  # addresses without memory: allocators reserve, page tables cost
FILES_OPEN_MAX = 64  # besides the inherited ones
BUILDER_FILES_OPEN_MAX = 1024
CHILD_SECONDS_MAX = 30.0
CHILD_POLL_SECONDS = 0.001
ENTER = Path(__file__).with_name("enter.py")


@dataclass(frozen=True)
class GivenUp:
    """What a tier takes away beyond the limits: `parent` is the process to die with when no
    namespace does that, `landlock` the rules of landlock.py; `filtered`: by seccomp."""

    parent: int = 0
    landlock: dict[str, Any] = field(default_factory=dict)
    filtered: bool = True
    counts_processes: bool = False


def interpreter() -> str:
    """The Python that runs inside: the one under our virtual environment."""
    return os.path.realpath(sys.executable)


def command() -> list[str]:
    return [interpreter(), "-I", "-S", "-B", str(ENTER)]


def spec(program: Program, given_up: GivenUp) -> dict[str, Any]:
    """What `enter.py` reads."""
    program_, *words = program.argv
    return {
        "argv": ["python" if program_ == sys.executable else program_, *words],
        "path": [str(folder) for folder in program.path],
        "limits": _limits(program, counts_processes=given_up.counts_processes),
        "landlock": given_up.landlock,
        "filter": seccomp_filter(program.profile).hex() if given_up.filtered else "",
        "parent": given_up.parent,
        "watched": [0],
        "scratch": str(program.writable[0]) if program.writable else "",
    }


def _limits(program: Program, *, counts_processes: bool) -> dict[str, int]:
    builds = program.profile == "builder"
    files = BUILDER_FILES_OPEN_MAX if builds else FILES_OPEN_MAX + len(program.fds)
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_NOFILE": max(files, *program.fds, 0) + 1,
        "RLIMIT_FSIZE": BUILT_BYTES_MAX if builds else max(SAID_BYTES_MAX, program.scratch_bytes),
    }
    if program.memory_bytes:
        limits["RLIMIT_DATA"] = program.memory_bytes
        if program.profile == "plugin":
            limits["RLIMIT_AS"] = program.memory_bytes + RESERVED_BYTES_MAX
    if program.cpu_seconds:
        limits["RLIMIT_CPU"] = program.cpu_seconds
    if counts_processes and program.processes:
        limits["RLIMIT_NPROC"] = program.processes
    return limits


class Starter:
    """Starts processes from one thread that lives as long as its jail.

    The kernel sends "the parent died" when the *thread* that started the child ends: from a
    passing thread every worker would be ended with it.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jail")

    def start(
        self, words: Sequence[str], program: Program, given: dict[str, Any], *, inside: bool = False
    ) -> Jailed:
        """Start `words`, with `given` on the stdin of enter.py.

        Args:
            words: what to run.
            program: its file numbers and output.
            given: what `spec` made.
            inside: the program is a child of the first one of `words`, bubblewrap.

        Raises:
            JailError: the first program of `words` cannot be started.
        """
        starting = functools.partial(
            _start_inside if inside else _start, list(words), program, given
        )
        try:
            return self._thread.submit(_on_core, program.core, starting).result()
        except OSError as error:
            raise JailError(f"could not start {words[0]}: {error}") from error


def _on_core(core: int | None, starting: Callable[[], Jailed]) -> Jailed:
    """A child inherits the core of the thread that starts it."""
    if core is None:
        return starting()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        return starting()
    finally:
        os.sched_setaffinity(0, before)


def _start_inside(words: list[str], program: Program, given: dict[str, Any]) -> Jailed:
    """Bubblewrap holds the writing end of a pipe as its stdout; inside, only the reading end is
    kept: it tells whether bubblewrap lives."""
    watched, held = os.pipe()
    try:
        given["watched"].append(watched)
        process = _start(words, program, given, bwrap=(watched, held))
    finally:
        os.close(watched)
        os.close(held)
    process.inner = _child(process)
    return process


def _child(process: Jailed) -> int:
    """The one child of bubblewrap; its own number when it has none (it failed: its words say)."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    ends = time.monotonic() + CHILD_SECONDS_MAX
    while process.poll() is None and time.monotonic() < ends:
        with contextlib.suppress(OSError):
            if found := children.read_text().split():
                return int(found[0])
        time.sleep(CHILD_POLL_SECONDS)
    return process.pid


def _start(
    words: list[str],
    program: Program,
    given: dict[str, Any],
    bwrap: tuple[int, int] | None = None,
) -> Jailed:
    """`bwrap`: a pipe's ends: inherited, and bubblewrap's stdout."""
    stdin, lifeline = os.pipe()
    said = os.memfd_create("said") if program.output is None else None
    try:
        process = Jailed(
            words,
            env={},
            cwd="/",
            stdin=stdin,
            stdout=bwrap[1] if bwrap else subprocess.DEVNULL,
            stderr=said if said is not None else program.output,
            pass_fds=(*program.fds, *(bwrap or ())[:1]),
            start_new_session=True,
        )
    except OSError:
        for number in (said, lifeline):
            if number is not None:
                os.close(number)
        raise
    finally:
        os.close(stdin)
    process.keep(said, lifeline)
    with contextlib.suppress(BrokenPipeError):  # it ended already, and its words say why
        _write(lifeline, json.dumps(given).encode() + b"\n")
    return process


def _write(number: int, data: bytes) -> None:
    while data:
        data = data[os.write(number, data) :]
