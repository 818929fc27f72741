"""CPU time of everything an evaluation started, but for the shop."""

import contextlib

import psutil  # type: ignore[import-untyped]


class CpuMeter:
    """Sums this process and all below it: workers, the embedded PostgreSQL and NATS.

    Args:
        without: the process id whose whole tree is left out.
    """

    def __init__(self, without: int) -> None:
        self._without = without

    def seconds(self) -> float:
        """Used up to now, of live processes and of ended ones their parents waited for."""
        return self._of(psutil.Process())

    def _of(self, process: psutil.Process) -> float:
        if process.pid == self._without:
            return 0.0
        with contextlib.suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            own = used.user + used.system + used.children_user + used.children_system
            return float(own) + sum(self._of(child) for child in process.children())
        return 0.0
