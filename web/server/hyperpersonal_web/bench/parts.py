"""CPU time by part of the product, from /proc; the shop and the load generator are none of it."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

PARTS = ("server", "sandboxes", "postgresql", "nats")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class _Used(NamedTuple):
    """Seconds a process used itself, and those of its ended children it waited for."""

    own: float
    ended: float


class PartMeter:
    """Sums what each part has used up to now; cheap enough to ask often.

    `server` is this process (gateway, worker, jobs: everything but the sandboxes). PostgreSQL and
    NATS are measured when they are the embedded ones; with external ones they count as nothing.

    Args:
        without: the process id of the shop.
    """

    def __init__(self, without: int) -> None:
        self._without = without

    def seconds(self) -> dict[str, float]:
        """Seconds of CPU by part."""
        used = dict.fromkeys(PARTS, 0.0)
        used["server"] = _used(os.getpid()).own
        for child in _children(os.getpid()):
            if part := self._part_of(child):
                used[part] += _tree(child)
        return used

    def _part_of(self, pid: int) -> str:
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_text()
            program = command.split("\0")[0].rpartition("/")[2]
            if program.startswith("postgres"):
                return "postgresql"
            if program.startswith("nats"):
                return "nats"
            if pid != self._without and "hyperpersonal_runtime" in command:
                return "sandboxes"
        return ""


def _tree(pid: int) -> float:
    return sum(_used(pid)) + sum(_tree(child) for child in _children(pid))


def _used(pid: int) -> _Used:
    """Source: proc_pid_stat(5), fields 14 to 17; nothing when the process has just ended."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        user, system, ended_user, ended_system = map(int, fields[11:15])
        return _Used((user + system) / TICKS_PER_S, (ended_user + ended_system) / TICKS_PER_S)
    return _Used(0.0, 0.0)


def _children(pid: int) -> list[int]:
    """Source: proc_tid_children(5). Any thread may have started them."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split())
    return found
