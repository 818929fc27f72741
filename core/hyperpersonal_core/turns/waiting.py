"""Conversations that wait for a turn in this process, and which of them go next.

Rules:
1. Fair between tenants by what their turns have used: sandbox CPU, and the engine's own part.
2. One tenant never holds every place: a quarter is left to the others.
3. While the process does not keep up (`kit.lag`), no tenant begins more than a few turns at once:
   more would not end sooner, and everybody else's would wait behind them.
4. Bounded: over the limit the newest of whoever has most waiting is left to the sweep.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from uuid import UUID

from hyperpersonal_runtime.api import FairQueue

from hyperpersonal_core.turns.claim import Place
from hyperpersonal_core.turns.turn import Turn, TurnSettings

ENGINE_MS = 8.0  # what a turn costs outside its sandboxes


class Waiting:
    """Places that wait, by tenant. `busy`: whether the process does not keep up."""

    def __init__(self, settings: TurnSettings, busy: Callable[[], bool]) -> None:
        self._settings = settings
        self._busy = busy
        self._queue: FairQueue[Place] = FairQueue(ENGINE_MS)
        self._parents: dict[Place, str] = {}
        self._running: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, place: Place, traceparent: str = "") -> None:
        """Let a conversation wait; one that waits already keeps its place and its first trace."""
        if place in self._parents:
            self._parents[place] = self._parents[place] or traceparent
            return
        self._parents[place] = traceparent
        self._queue.put(place[0], place)
        if len(self._queue) > self._settings.waiting_max:
            del self._parents[self._queue.drop()[1]]

    def pick(self, room: int) -> dict[Place, str]:
        """At most `room` of them, with their traces; they hold a place until `ended`."""
        picked: dict[Place, str] = {}
        while len(picked) < room and len(self._queue):
            try:
                tenant, place = self._queue.take(self._may_begin)
            except IndexError:
                break
            self._running[tenant] += 1
            picked[place] = self._parents.pop(place)
        return picked

    def ended(self, tenant_id: UUID, turn: Turn | None = None) -> None:
        """One of this tenant has ended; without a turn it was not claimed, and cost nothing."""
        self._running[tenant_id] -= 1
        if not self._running[tenant_id]:
            del self._running[tenant_id]
        self._queue.settle(tenant_id, _used_ms(turn) if turn else 0.0)

    def _may_begin(self, tenant: Hashable) -> bool:
        settings = self._settings
        most = settings.running_max - settings.running_max // 4
        if self._busy():
            most = min(most, settings.tenant_busy_max)
        return self._running[tenant] < max(1, most)


def _used_ms(turn: Turn) -> float:
    used = (part for leg in turn.legs for part in (leg.usage, *leg.reviews))
    return ENGINE_MS + sum(float(part.get("guest_cpu_ms", 0.0)) for part in used)
