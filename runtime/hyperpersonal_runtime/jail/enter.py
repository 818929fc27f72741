"""The first code of a jailed process: gives up every right, then becomes the program.

Runs as a file of an interpreter without site (`python -I -S -B enter.py WORDS`) and reads from its
stdin what to give up (launch.py writes it). No byte of a plugin is read before `confine` is done;
after it nothing can be taken back: the kernel keeps limits, Landlock rules and seccomp filters for
the process and all its children.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import sys
from typing import Any

PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 1, 24, 38, 22
SECCOMP_MODE_FILTER = 2
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # the same on every machine
RULE_PATH_BENEATH = 1
CAPABILITIES = 64
CAPABILITY_V3 = 0x20080522
SIGKILL = 9
_LIBC = ctypes.CDLL(None, use_errno=True)


class Attributes(ctypes.Structure):
    """landlock_ruleset_attr (uapi/linux/landlock.h)."""

    _fields_ = [(name, ctypes.c_uint64) for name in ("fs", "net", "scoped")]


class Beneath(ctypes.Structure):
    """landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("fd", ctypes.c_int32)]


class Filter(ctypes.Structure):
    """sock_fprog (uapi/linux/filter.h)."""

    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def confine(spec: dict[str, Any]) -> None:
    """Give up, in this order, what each later step no longer needs.

    Raises:
        OSError: the kernel refused a step; nothing of the program has run then.
    """
    _die_with(spec["parent"], spec["watched"])
    for name, value in spec["limits"].items():
        _limit(getattr(resource, name), value)
    _forget(spec["watched"])
    if spec["landlock"] and os.geteuid() == 0:
        _drop_capabilities()
    _checked("no_new_privs", _LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if spec["landlock"]:
        _landlock(spec["landlock"])
    if spec["filter"]:
        _seccomp(bytes.fromhex(spec["filter"]))


def _limit(number: int, value: int) -> None:
    """A limit that is lower already stays: only root may raise it."""
    hard = resource.getrlimit(number)[1]
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(number, (most, most))


def _checked(step: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{step}: {os.strerror(number)}")
    return result


def _die_with(parent: int, watched: list[int]) -> None:
    """End when the host does, however it ends.

    The kernel tells of a parent's end from the first line on; who ended before it left the other
    end of a pipe closed (`watched`), or another parent.
    """
    os.dup2(2, 1)  # our copy of what bubblewrap holds goes
    _checked("pdeathsig", _LIBC.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
    ends = select.poll()
    for number in watched:
        ends.register(number, 0)  # a hang-up is always told
    if ends.poll(0) or (parent and os.getppid() != parent):
        os._exit(1)


def _drop_capabilities() -> None:
    """Root without namespaces: the number stays, its powers go."""
    with contextlib.suppress(PermissionError):  # root of a container that may not change them
        os.setgroups([])
    for number in range(CAPABILITIES):
        _LIBC.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)  # numbers this kernel lacks are refused
    header = (ctypes.c_uint32 * 2)(CAPABILITY_V3, 0)
    _checked("capset", _LIBC.capset(header, (ctypes.c_uint32 * 6)()))


def _landlock(rules: dict[str, Any]) -> None:
    handled = Attributes(rules["fs"], rules["net"], rules["scoped"])
    made = _LIBC.syscall(LANDLOCK_CREATE, ctypes.byref(handled), rules["size"], 0)
    ruleset = _checked("landlock", made)
    for path, allowed in rules["paths"]:
        number = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = Beneath(allowed, number)
        added = _LIBC.syscall(LANDLOCK_ADD, ruleset, RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        _checked(f"landlock {path}", added)
        os.close(number)
    _checked("landlock", _LIBC.syscall(LANDLOCK_RESTRICT, ruleset, 0))
    os.close(ruleset)


def _seccomp(code: bytes) -> None:
    program = Filter(len(code) // 8, code)
    words = ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(program)
    _checked("seccomp", _LIBC.prctl(PR_SET_SECCOMP, *words, 0, 0))


def become(argv: list[str], path: list[str]) -> None:
    """Run the program: Python in this process, anything else (a builder) in its place."""
    python, *words = argv
    if python != "python":
        os.execve(python, argv, {})  # noqa: S606  (what a builder is)
    sys.path.extend(path)
    import runpy

    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")


def _spec() -> dict[str, Any]:
    """One line on stdin. The host keeps its end open as long as it lives."""
    with os.fdopen(0, "rb", closefd=False) as pipe:
        spec: dict[str, Any] = json.loads(pipe.readline())
    return spec


def _forget(watched: list[int]) -> None:
    """Close what only the start needed; nothing is left on stdin."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    for number in {null, *watched} - {0}:
        os.close(number)


if __name__ == "__main__":
    os.environ.clear()
    _given = _spec()
    if _given["scratch"]:
        os.environ["TMPDIR"] = _given["scratch"]
    confine(_given)
    become(_given["argv"], _given["path"])
