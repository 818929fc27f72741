"""What is started in a jail, and what a jail is."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Tier = Literal["namespaces", "landlock", "none"]
Profile = Literal["worker", "plugin", "builder"]


class JailError(Exception):
    """The jail that was asked for cannot be had here; the words say what is missing."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program with everything it may touch; what is not named here does not exist inside.

    Args:
        argv: `(sys.executable, "-m", module, *words)` or `(sys.executable, file, *words)`; only
            a builder may be another program than Python. Paths are the host's: they are the same
            inside.
        path: folders put on `sys.path` behind the standard library (there is no site inside).
        readable: files and folders to read, besides the interpreter and the system's libraries.
        writable: folders to write; only builders should have one.
        fds: inherited file numbers, open inside under the same numbers; no other is.
        output: file number that takes stdout and stderr; None: our own stderr.
        profile: which system calls: `worker` holds wasmtime, `plugin` is native Python of a third
            party, `builder` compiles and unpacks.
        memory_bytes: for all its processes together, by cgroup where the host lets us; of a
            plugin also its address space. 0: not limited (wasm reserves terabytes of addresses).
        scratch_bytes: size of a private, empty /tmp; 0: none.
        cpu_seconds: CPU time of the whole life; 0: not limited.
        processes: threads and processes at once; 0: not limited.
    """

    argv: tuple[str, ...]
    path: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    fds: tuple[int, ...] = ()
    output: int | None = None
    profile: Profile = "worker"
    memory_bytes: int = 0
    scratch_bytes: int = 0
    cpu_seconds: int = 0
    processes: int = 0


class Jail(Protocol):
    """Starts programs behind one tier of wall."""

    @property
    def tier(self) -> Tier:
        """How strong the wall is."""

    def spawn(self, program: Program) -> "subprocess.Popen[bytes]":
        """Start it; killing the returned process ends everything inside.

        Raises:
            JailError: it could not be started.
        """

    def refusal(self, plugin_id: str) -> str:
        """Why a release of `publisher/name` may not run behind this wall; '' when it may."""
