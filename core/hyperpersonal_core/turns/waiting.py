"""Conversations that wait for a turn in this process, and which of them go next.

Rules:
1. Fair between tenants by what their turns have used: sandbox CPU, and the engine's own part.
2. A tenant alone may use the whole process, but for a quarter of its places.
3. With others about (in the last seconds), only as many turns are under way as keep the process on
   time (`pace`); a tenant that has less than its part of them, or little waiting and few under
   way, may always begin one, any other only while half of them are free. So a flood is answered
   as fast as it can be while the others hardly notice.
4. Bounded: over the limit the newest of whoever has most waiting is left to the sweep.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from uuid import UUID

from hyperpersonal_runtime.api import FairQueue

from hyperpersonal_core.turns.claim import Place
from hyperpersonal_core.turns.turn import Turn, TurnSettings

ENGINE_MS = 8.0  # what a turn costs outside its sandboxes
ABOUT_S = 5.0
LITTLE, FEW = 2, 3
ROOM = 0.5  # of the pace, for whoever is over its part: the rest stays free for the others


class Waiting:
    """Places that wait, by tenant.

    Args:
        at_once: how many turns under way keep the process on time.
        now: seconds, monotonic.
    """

    def __init__(
        self,
        settings: TurnSettings,
        at_once: Callable[[], int],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._at_once = at_once
        self._now = now
        self._queue: FairQueue[Place] = FairQueue(ENGINE_MS)
        self._parents: dict[Place, str] = {}
        self._running: Counter[Hashable] = Counter()
        self._heard: OrderedDict[Hashable, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def under_way(self) -> int:
        """How many were picked and have not ended."""
        return self._running.total()

    def add(self, place: Place, traceparent: str = "") -> None:
        """Let a conversation wait; one that waits already keeps its place and its first trace."""
        self._heard[place[0]] = self._now()
        self._heard.move_to_end(place[0])
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
        self._forget_the_silent()
        while len(picked) < room and len(self._queue):
            try:
                tenant, place = self._queue.take(self._may_begin)
            except IndexError:
                break
            self._running[tenant] += 1
            picked[place] = self._parents.pop(place)
        return picked

    def ended(self, tenant_id: UUID, used_ms: float = 0.0) -> None:
        """One of this tenant has ended, and used this much; nothing when it was not claimed."""
        self._running[tenant_id] -= 1
        if not self._running[tenant_id]:
            del self._running[tenant_id]
        self._queue.settle(tenant_id, used_ms)

    def _may_begin(self, tenant: Hashable) -> bool:
        settings, running = self._settings, self._running[tenant]
        if running >= max(1, settings.running_max - settings.running_max // 4):
            return False
        if len(self._heard) < 2:
            return True
        at_once = self._at_once()
        part = max(1, at_once // len(self._heard))
        if self._queue.waiting_of(tenant) <= LITTLE:
            part = max(part, FEW)
        return running < part or self._running.total() < at_once * ROOM

    def _forget_the_silent(self) -> None:
        before = self._now() - ABOUT_S
        while self._heard and next(iter(self._heard.values())) < before:
            self._heard.popitem(last=False)


def used_ms(turn: Turn) -> float:
    """What an ended turn has used: the engine's own part, and the CPU time of its sandboxes."""
    return ENGINE_MS + _sum(turn, "guest_cpu_ms")


def plugins_ms(turn: Turn) -> float:
    """How long its plugins took, all together."""
    return _sum(turn, "elapsed_ms")


def _sum(turn: Turn, name: str) -> float:
    used = (part for leg in turn.legs for part in (leg.usage, *leg.reviews))
    return sum(float(part.get(name, 0.0)) for part in used)
