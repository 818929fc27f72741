"""Starts a jailed process: what it gives up goes in by a pipe, what it says comes out by a file."""

import contextlib
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hyperpersonal_runtime.jail.profiles import seccomp_filter
from hyperpersonal_runtime.jail.program import JailError, Program

SAID_BYTES_MAX = 64 * 1024
BUILT_BYTES_MAX = 4 << 30
FILES_OPEN_MAX = 64  # besides the inherited ones
BUILDER_FILES_OPEN_MAX = 1024
ENTER = Path(__file__).with_name("enter.py")


class Jailed(subprocess.Popen[bytes]):
    """A started program. `said`: the first of what it wrote on stdout and stderr."""

    _said: int | None = None

    def keep(self, number: int) -> None:
        """Own the memory file that takes the program's output."""
        self._said = number
        weakref.finalize(self, os.close, number)

    @property
    def said(self) -> str:
        """'' when the caller gave its own output file."""
        if self._said is None:
            return ""
        return os.pread(self._said, SAID_BYTES_MAX, 0).decode(errors="replace")


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


def spec(program: Program, given_up: GivenUp) -> bytes:
    """What `enter.py` reads."""
    program_, *words = program.argv
    return json.dumps(
        {
            "argv": ["python" if program_ == sys.executable else program_, *words],
            "path": [str(folder) for folder in program.path],
            "limits": _limits(program, counts_processes=given_up.counts_processes),
            "landlock": given_up.landlock,
            "filter": seccomp_filter(program.profile).hex() if given_up.filtered else "",
            "parent": given_up.parent,
        }
    ).encode()


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
    if program.profile == "plugin" and program.memory_bytes:
        limits["RLIMIT_AS"] = program.memory_bytes
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

    def start(self, words: Sequence[str], program: Program, said_to_child: bytes) -> Jailed:
        """Raises JailError when the first program of `words` cannot be started."""
        try:
            return self._thread.submit(_start, words, program, said_to_child).result()
        except OSError as error:
            raise JailError(f"could not start {words[0]}: {error}") from error


def _start(words: Sequence[str], program: Program, given: bytes) -> Jailed:
    inside, outside = os.pipe()
    memory = os.memfd_create("said") if program.output is None else None
    output = memory if memory is not None else program.output
    try:
        process = Jailed(
            words,
            env={},
            cwd="/",
            stdin=inside,
            stdout=output,
            stderr=output,
            pass_fds=program.fds,
            start_new_session=True,
        )
    except OSError:
        if memory is not None:
            os.close(memory)
        raise
    finally:
        os.close(inside)
        with os.fdopen(outside, "wb") as pipe, contextlib.suppress(BrokenPipeError):
            pipe.write(given)
    if memory is not None:
        process.keep(memory)
    return process
