"""Becomes another program, tied to its parent: `python -I -S launch.py SIGNAL PARENT COMMAND…`.

A file of its own, run by a fresh single-threaded interpreter: a process with threads cannot enter
a user namespace (unshare(2), EINVAL), and after a fork in a threaded one little else is safe.
For root the new namespace maps uid 0 outside to 1000 inside, which satisfies PostgreSQL.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NO_NAMESPACES = 77


def main(death_signal: str, parent: str, command: list[str]) -> None:
    """Drop root for a namespace, ask for `death_signal` at the parent's end, exec `command`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and command[0] == "--as-user":
        if libc.unshare(CLONE_NEWUSER):
            sys.exit(NO_NAMESPACES)
        for name, value in (
            ("setgroups", "deny"),
            ("uid_map", "1000 0 1"),
            ("gid_map", "1000 0 1"),
        ):
            Path(f"/proc/self/{name}").write_text(value)
    libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != int(parent):  # it ended before we asked: nobody would ever stop us
        sys.exit(1)
    command = command[command[0] == "--as-user" :]
    os.execv(command[0], command)  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
