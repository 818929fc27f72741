"""How a worker process is started: behind a jail, with the compiled guests and its lanes."""

import compileall
import os
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


def worker_spawn(jail: Jail, workers: int) -> Spawn:
    """Starts workers in the jail: no environment, no network, no files but what they run. Where
    there will be enough `workers` for all cores, each stays on its own."""
    path, readable = packages(PACKAGES)
    _compile_ahead(readable)
    cores = Cores(sorted(os.sched_getaffinity(0)))
    return _Spawner(jail, path, readable, cores if workers >= len(cores) else None)


class Cores:
    """Lends each worker the core that has fewest.

    A guest's memory is unmapped after its call. With a worker's threads on several cores each of
    those unmappings interrupts the others: about a sixth of a turn's sandbox CPU.
    """

    def __init__(self, cores: Sequence[int]) -> None:
        self._lent: dict[int, list[Jailed]] = {core: [] for core in cores}

    def __len__(self) -> int:
        return len(self._lent)

    def free(self) -> int:
        """The core with fewest living workers."""
        for core, workers in self._lent.items():
            self._lent[core] = [worker for worker in workers if worker.poll() is None]
        return min(self._lent, key=lambda core: len(self._lent[core]))

    def lend(self, core: int, worker: Jailed) -> None:
        self._lent[core].append(worker)


class _Spawner:
    def __init__(
        self, jail: Jail, path: tuple[Path, ...], readable: tuple[Path, ...], cores: Cores | None
    ) -> None:
        self._jail = jail
        self._path = path
        self._readable = readable
        self._cores = cores

    def __call__(self, machine_code: Path, lanes: Sequence[socket.socket]) -> Jailed:
        core = self._cores.free() if self._cores else None
        worker = self._jail.spawn(self._program(machine_code, lanes, core))
        if self._cores and core is not None:
            self._cores.lend(core, worker)
        return worker

    def _program(
        self, machine_code: Path, lanes: Sequence[socket.socket], core: int | None
    ) -> Program:
        numbers = tuple(lane.fileno() for lane in lanes)
        words = (str(machine_code), ",".join(map(str, numbers)))
        return Program(
            argv=(sys.executable, "-m", MODULE, *words),
            path=self._path,
            readable=(*self._readable, machine_code.parent),
            fds=numbers,
            memory_bytes=MEMORY_BYTES_MAX,
            processes=PROCESSES_MAX,
            core=core,
        )


def _compile_ahead(readable: Sequence[Path]) -> None:
    """Write the byte code that workers may read but not write; what cannot be written is slower."""
    for folder in readable:
        if folder.is_dir():
            compileall.compile_dir(folder, quiet=2)
