"""What is started in a jail, and what a jail is."""

import os
import subprocess
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Tier = Literal["namespaces", "landlock", "none"]
SAID_BYTES_MAX = 64 * 1024

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
        output: file number that takes stdout and stderr; None: a memory file, see
            Jailed.said.
        profile: which system calls: `worker` holds wasmtime, `plugin` is native Python of a third
            party, `builder` compiles and unpacks.
        memory_bytes: writable memory of a process, the stacks of its threads with it (8 MiB of
            addresses each); for all its processes and what they cache, by control group, where
            the host lets us. 0: not limited.
        scratch_bytes: size of a private, empty /tmp; 0: none.
        cpu_seconds: CPU time of the whole life; 0: not limited.
        processes: threads and processes at once; 0: not limited.
        core: the one it runs on; None: any.
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
    core: int | None = None


class Jailed(subprocess.Popen[bytes]):
    """A started program; killing it ends everything inside.

    `inner`: the number, on the host, of the program's own process (`pid` may be its starter's).
    """

    inner = 0
    _said: int | None = None

    @property
    def said(self) -> str:
        """The first of what it wrote on stdout and stderr; '' when `output` was given."""
        if self._said is None:
            return ""
        return os.pread(self._said, SAID_BYTES_MAX, 0).decode(errors="replace")

    def keep(self, said: int | None, lifeline: int) -> None:
        """Own the memory file that takes the output, and our end of the program's stdin."""
        self.inner = self.pid
        self._said = said
        for number in (said, lifeline):
            if number is not None:
                weakref.finalize(self, os.close, number)


class Jail(Protocol):
    """Starts programs behind one tier of wall."""

    @property
    def tier(self) -> Tier:
        """How strong the wall is."""

    @property
    def counts(self) -> bool:
        """Whether control groups bound memory and processes."""

    @property
    def missing(self) -> str:
        """Why the tiers above do not work here; '' when there is none or none was tried."""

    def spawn(self, program: Program) -> Jailed:
        """Start it.

        Raises:
            JailError: it could not be started.
        """

    def refusal(self, plugin_id: str) -> str:
        """Why a release of `publisher/name` may not run behind this wall; '' when it may."""
