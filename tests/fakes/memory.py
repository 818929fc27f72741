"""What the processes we started have in memory, byte for byte."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

CHUNK = 8 << 20
SERVERS = {"postgres", "nats-server", "postmaster"}


def holding(patterns: Iterable[bytes], root: int | None = None) -> dict[bytes, set[str]]:
    """Which patterns are in the writable memory of any process below `root` (us, when left out),
    with the names of the processes that hold them. Needs the right to trace them."""
    wanted, found = list(patterns), {}
    for pid in descendants(root or os.getpid()):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            for part in () if name in SERVERS else _parts(pid):
                for pattern in wanted:
                    if pattern in part:
                        found.setdefault(pattern, set()).add(name)
    return found


def descendants(root: int) -> list[int]:
    """The processes below a process."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, waiting = [], list(children.get(root, ()))
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], ())
    return found


def _parts(pid: int) -> Iterator[bytes]:
    """Its writable memory in overlapping pieces; what it gave back meanwhile is left out."""
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        regions = [line.split()[:2] for line in maps]
        for place, rights in regions:
            if not rights.startswith("rw"):
                continue
            start, end = (int(text, 16) for text in place.split("-"))
            for at in range(start, end, CHUNK - 4096):
                try:
                    memory.seek(at)
                    yield memory.read(min(CHUNK, end - at))
                except (OSError, ValueError):
                    break
