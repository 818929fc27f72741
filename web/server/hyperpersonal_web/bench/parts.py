"""CPU time by part of the product, from /proc; the shop and the load generator are none of it."""

import contextlib

import psutil  # type: ignore[import-untyped]

PARTS = ("server", "sandboxes", "postgresql", "nats")


class PartMeter:
    """Sums what each part has used up to now.

    `server` is this process (gateway, worker, jobs: everything but the sandboxes). PostgreSQL and
    NATS are measured when they are the embedded ones; with external ones they count as nothing.

    Args:
        without: the process id of the shop.
    """

    def __init__(self, without: int) -> None:
        self._without = without

    def seconds(self) -> dict[str, float]:
        """Seconds of CPU by part; ended processes count where their parent still lives."""
        used = dict.fromkeys(PARTS, 0.0)
        own = psutil.Process()
        used["server"] = _own(own)
        for child in own.children():
            if part := self._part_of(child):
                used[part] += _tree(child)
        return used

    def _part_of(self, process: psutil.Process) -> str:
        try:
            name, command = process.name(), process.cmdline()
        except psutil.NoSuchProcess:
            return ""
        if name.startswith("postgres"):
            return "postgresql"
        if name.startswith("nats"):
            return "nats"
        if process.pid != self._without and any(
            "hyperpersonal_runtime" in word for word in command
        ):
            return "sandboxes"
        return ""


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _tree(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        ended = float(times.children_user + times.children_system)
        return _own(process) + ended + sum(_tree(child) for child in process.children())
    return 0.0
