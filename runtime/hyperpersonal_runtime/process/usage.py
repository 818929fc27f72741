"""What a jailed process really uses, read from the system: its own word counts for nothing."""

import os
from pathlib import Path

_TICK_MS = 1_000 / os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")


def family(pid: int) -> tuple[int, ...]:
    """A process and all below it: a jail may put one or two processes of its own in between."""
    found = [pid]
    for one in found:
        try:
            found += map(int, (_PROC / f"{one}/task/{one}/children").read_text().split())
        except OSError:
            continue
    return tuple(found)


def cpu_ms(pids: tuple[int, ...]) -> float:
    """CPU time since their start, user and system."""
    total = 0
    for pid in pids:
        try:  # the name may hold spaces and brackets: fields count from its end (proc(5))
            fields = (_PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total * _TICK_MS


def memory_bytes(pids: tuple[int, ...]) -> int:
    """Memory held now, shared pages counted in each."""
    total = 0
    for pid in pids:
        try:
            total += int((_PROC / f"{pid}/statm").read_text().split()[1])
        except OSError:
            continue
    return total * _PAGE_BYTES
