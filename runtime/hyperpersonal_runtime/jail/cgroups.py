"""Memory and process counts of a jail as a whole, where the host lets us make control groups.

Version 1 and 2 both; each jailed process gets a group below our own. What cannot be made is left
out: the walls do not depend on it, only the ceilings do (docs/guides/sandbox.md).
"""

import contextlib
import os
import secrets
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path

from hyperpersonal_runtime.jail.program import Jailed, Program

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
V1_FILES = {"memory": "memory.limit_in_bytes", "pids": "pids.max"}
V2_FILES = {"memory": "memory.max", "pids": "pids.max"}
# What a group counts and a process's own limit does not: cached files, the kernel's own. With room
# for it the process meets its own limit first, as an error it can tell, and is not killed.
UNCOUNTED_BYTES = 64 << 20
# Puts itself into the groups, then becomes the program: nothing is ever started outside.
JOIN = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 > "$1"; shift; n=$((n-1)); done; exec "$@"'


Files = dict[str, tuple[Path, str]]  # by controller: our own group's folder, the limit's file


class Cgroups:
    """The groups of one jail's processes; `able`: whether memory and processes can be limited."""

    def __init__(self, root: Path = ROOT, own: Path = OWN) -> None:
        self._files: Files = dict(_controllers(root, own))
        self._made: dict[str, Jailed | None] = {}
        self._prefix = f"hp-{os.getpid()}-{secrets.token_hex(4)}"  # a process may hold two jails
        self._count = 0
        self.able = self._try()
        weakref.finalize(self, _remove_all, self._files, self._made)

    def words(self, program: Program) -> tuple[str, list[str]]:
        """A new group's name and what to put before a command so that it runs in it."""
        name = f"{self._prefix}-{self._count}"
        memory = program.memory_bytes and program.memory_bytes + UNCOUNTED_BYTES
        limits = {"memory": memory, "pids": program.processes}
        wanted = {kind: most for kind, most in limits.items() if most and self.able}
        if not wanted:
            return "", []
        self._count += 1
        folders = dict.fromkeys(self._make(name, kind, most) for kind, most in wanted.items())
        self._made[name] = None
        procs = [str(folder / "cgroup.procs") for folder in folders]
        return name, ["/bin/sh", "-ec", JOIN, "sh", str(len(procs)), *procs]

    def started(self, name: str, process: Jailed) -> None:
        """Remember whose group it is, and remove those of processes that ended."""
        if name:
            self._made[name] = process
        for old, owner in list(self._made.items()):
            if owner is not None and owner.poll() is not None and _remove(self._files, old):
                del self._made[old]

    def _make(self, name: str, kind: str, most: int) -> Path:
        base, file = self._files[kind]
        folder = base / name
        folder.mkdir(exist_ok=True)
        (folder / file).write_text(str(most))
        return folder

    def _try(self) -> bool:
        """Whether a group can be made here; also sweeps those of hosts that are gone."""
        if set(self._files) != set(V1_FILES):
            return False
        try:
            for kind in self._files:
                self._make(f"{self._prefix}-try", kind, 1 << 30 if kind == "memory" else 100)
            _remove(self._files, f"{self._prefix}-try")
        except OSError:
            return False
        finally:
            self._sweep()
        return True

    def _sweep(self) -> None:
        for base, _ in self._files.values():
            for left in base.glob("hp-*-*"):
                if not Path("/proc", left.name.split("-")[1]).exists():
                    with contextlib.suppress(OSError):
                        left.rmdir()


def _remove(files: Files, name: str) -> bool:
    for base, _ in files.values():
        try:
            (base / name).rmdir()
        except FileNotFoundError:
            continue
        except OSError:  # its last process is still ending
            return False
    return True


def _remove_all(files: Files, made: Mapping[str, object]) -> None:
    for name in made:
        _remove(files, name)


def _controllers(root: Path, own: Path) -> Iterator[tuple[str, tuple[Path, str]]]:
    """Controller -> (our own group's folder, the file that holds the limit)."""
    if not own.exists():
        return
    for line in own.read_text().splitlines():
        _, kinds, path = line.split(":", 2)
        for kind, file in V1_FILES.items():
            if kind in kinds.split(",") and (root / kinds).is_dir():
                yield kind, (_below(root / kinds, path), file)
        if not kinds:
            folder = _below(root, path)
            shared = folder / "cgroup.subtree_control"
            kinds_given = shared.read_text().split() if shared.exists() else []
            for kind in set(kinds_given) & set(V2_FILES):
                yield kind, (folder, V2_FILES[kind])


def _below(root: Path, path: str) -> Path:
    """Our group's folder; in a container the path may be the outside's: then its root is ours."""
    folder = root / path.lstrip("/")
    return folder if folder.is_dir() else root
