"""How a worker process is started: behind a jail, with the compiled guests and its lanes."""

import compileall
import functools
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from hyperpersonal_runtime.jail.files import packages
from hyperpersonal_runtime.jail.program import Jail, Jailed, Program

Spawn = Callable[[Path, Sequence[socket.socket]], Jailed]

MODULE = "hyperpersonal_runtime.worker.main"
PACKAGES = ("hyperpersonal_runtime", "msgspec", "typing_extensions", "wasmtime")
MEMORY_BYTES_MAX = 4 << 30  # all instances of a worker: lanes x what a tenant may grant
PROCESSES_MAX = 128  # threads: one a lane and the epoch's


def worker_spawn(jail: Jail) -> Spawn:
    """Starts workers in the jail: no environment, no network, no files but what they run."""
    path, readable = packages(PACKAGES)
    _compile_ahead(readable)
    return functools.partial(_spawn, jail, path, readable)


def _spawn(
    jail: Jail,
    path: tuple[Path, ...],
    readable: tuple[Path, ...],
    machine_code: Path,
    lanes: Sequence[socket.socket],
) -> Jailed:
    numbers = tuple(lane.fileno() for lane in lanes)
    words = (str(machine_code), ",".join(map(str, numbers)))
    program = Program(
        argv=(sys.executable, "-m", MODULE, *words),
        path=path,
        readable=(*readable, machine_code.parent),
        fds=numbers,
        memory_bytes=MEMORY_BYTES_MAX,
        processes=PROCESSES_MAX,
    )
    return jail.spawn(program)


def _compile_ahead(readable: Sequence[Path]) -> None:
    """Write the byte code that workers may read but not write; what cannot be written is slower."""
    for folder in readable:
        if folder.is_dir():
            compileall.compile_dir(folder, quiet=2)
