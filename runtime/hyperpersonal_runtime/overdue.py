"""Ends a lane's worker when a run is far over its time."""

import asyncio

import structlog

from hyperpersonal_runtime.kinds.kind import Lane

GRACE_SECONDS = 2.0

log = structlog.get_logger("runtime")


class Overdue:
    """A timer over one run; `killed` tells whether it went off."""

    def __init__(self, lane: Lane, seconds: float) -> None:
        self.killed = False
        self._lane = lane
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.0, seconds), self._kill)

    def cancel(self) -> None:
        self._timer.cancel()

    def _kill(self) -> None:
        log.error("worker.overdue", pid=self._lane.worker.pid)
        self.killed = True
        self._lane.worker.kill()
