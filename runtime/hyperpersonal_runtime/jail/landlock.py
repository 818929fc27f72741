"""Tier `landlock`: where there are no namespaces the process closes its own door.

The rules name what may be read; seccomp forbids sockets, signals and tracing, which Landlock does
not (or only in newer kernels). What this tier does not give is in docs/guides/sandbox.md: other
paths' existence can be seen, and there is no private /tmp and no own process table.
"""

import ctypes
import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hyperpersonal_runtime.jail.cgroups import Cgroups
from hyperpersonal_runtime.jail.files import python_files
from hyperpersonal_runtime.jail.launch import GivenUp, Starter, command, spec
from hyperpersonal_runtime.jail.program import Jailed, JailError, Program, Tier

_CREATE, _VERSION_FLAG = 444, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
# LANDLOCK_ACCESS_FS_* known from each version on (uapi/linux/landlock.h), as a count of low bits.
_FS_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NET_SINCE, _SCOPE_SINCE = 4, 6
_ALL_TCP, _ALL_SCOPES = 0b11, 0b11  # bind and connect; abstract sockets and signals
DEVICES = tuple(map(Path, ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")))


class LandlockJail:
    """Landlock, seccomp and no_new_privs, applied before the first byte of the program.

    Raises:
        JailError: this kernel has no Landlock, or does not let us use it.
    """

    tier: Tier = "landlock"

    def __init__(self, missing: str = "") -> None:
        self.missing = missing
        self.version = landlock_version()
        self._starter = Starter()
        self._cgroups = Cgroups()

    @property
    def counts(self) -> bool:
        """Whether control groups bound memory and processes."""
        return self._cgroups.able

    def spawn(self, program: Program) -> Jailed:
        group, joining = self._cgroups.words(program)
        rules = _rules(program, self.version)
        given = spec(program, GivenUp(parent=os.getpid(), landlock=rules))
        process = self._starter.start([*joining, *command()], program, given)
        self._cgroups.started(group, process)
        return process

    def refusal(self, plugin_id: str) -> str:
        return ""


def landlock_version() -> int:
    """The kernel's Landlock ABI.

    Raises:
        JailError: none; the words say whether it is missing or switched off.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = int(libc.syscall(_CREATE, None, 0, _VERSION_FLAG))
    if version < 1:
        off = ctypes.get_errno() == errno.EOPNOTSUPP
        raise JailError("Landlock is switched off" if off else "this kernel has no Landlock")
    return version


def _rules(program: Program, version: int) -> dict[str, Any]:
    """What enter.py hands to the kernel: all rights of this version are handled, few are given."""
    known = (1 << _FS_BITS[min(version, max(_FS_BITS))]) - 1
    readable = [(path, _READ) for path in (*python_files(), *program.readable)]
    listed = [(path, _READ_DIR) for path in program.path]  # how the import system looks
    devices = [(path, _READ_FILE | _WRITE_FILE) for path in DEVICES]
    writable = [(path, known) for path in program.writable]
    size = 24 if version >= _SCOPE_SINCE else 16 if version >= _NET_SINCE else 8
    return {
        "fs": known,
        "net": _ALL_TCP if version >= _NET_SINCE else 0,
        "scoped": _ALL_SCOPES if version >= _SCOPE_SINCE else 0,
        "size": size,
        "paths": list(_given((*readable, *listed, *devices, *writable), known)),
    }


def _given(paths: Iterable[tuple[Path, int]], known: int) -> Iterable[tuple[str, int]]:
    for path, rights in paths:
        yield str(path), rights & known & (~0 if path.is_dir() else _ON_FILES)
