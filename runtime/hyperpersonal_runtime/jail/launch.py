"""Starts a jailed process: what it gives up goes in by a pipe, what it says comes out by a file."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from hyperpersonal_runtime.jail.profiles import seccomp_filter
from hyperpersonal_runtime.jail.program import SAID_BYTES_MAX, Jailed, JailError, Program

BUILT_BYTES_MAX = 4 << 30
RESERVED_BYTES_MAX = 4 << 30  # addresses without memory: allocators reserve, page tables cost
FILES_OPEN_MAX = 64  # besides the inherited ones
BUILDER_FILES_OPEN_MAX = 1024
INFO = "{info}"
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
            "scratch": str(program.writable[0]) if program.writable else "",
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

    def start(self, words: Sequence[str], program: Program, given: bytes) -> Jailed:
        """Start `words`, with `given` on the stdin of enter.py. The word INFO, if there is one,
        becomes a file number on which the starter tells the inner process's number.

        Raises:
            JailError: the first program of `words` cannot be started.
        """
        try:
            return self._thread.submit(_start, list(words), program, given).result()
        except OSError as error:
            raise JailError(f"could not start {words[0]}: {error}") from error


def _start(words: list[str], program: Program, given: bytes) -> Jailed:
    with contextlib.ExitStack() as stack:
        told, telling = _pipe(stack)
        stdin = _given(stack, given)
        said = os.memfd_create("said") if program.output is None else None
        try:
            process = Jailed(
                [str(telling.fileno()) if word == INFO else word for word in words],
                env={},
                cwd="/",
                stdin=stdin,
                stdout=said if said is not None else program.output,
                stderr=subprocess.STDOUT,
                pass_fds=(*program.fds, *([telling.fileno()] if INFO in words else [])),
                start_new_session=True,
            )
        except OSError:
            if said is not None:
                os.close(said)
            raise
        telling.close()
        process.keep(said, _inner(told))
    return process


def _pipe(stack: contextlib.ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    inside, outside = os.pipe()
    return (
        stack.enter_context(os.fdopen(inside, "rb", 0)),
        stack.enter_context(os.fdopen(outside, "wb", 0)),
    )


def _given(stack: contextlib.ExitStack, given: bytes) -> IO[bytes]:
    """A file with the given bytes, to read from its start."""
    file = stack.enter_context(os.fdopen(os.memfd_create("given"), "w+b"))
    file.write(given)
    file.seek(0)
    return file


def _inner(told: IO[bytes]) -> int:
    """The number in bubblewrap's JSON; 0 when nobody tells. Read to its brace: a copy of the pipe
    may stay open for a moment."""
    text = b""
    while not text.rstrip().endswith(b"}") and (more := told.read(4096)):
        text += more
    return int(json.loads(text)["child-pid"]) if text else 0
