"""A shop that is not always well: a rate limit, and failures on demand for tests and demos."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

BUCKETS_MAX = 4096
FAULTS_MAX = 100

FaultKind = Literal["timeout", "error", "limited", "lost", "slow"]


class Fault(Struct):
    """The next `times` requests of `store` whose path contains `path` fail.

    `timeout` stays silent for `seconds`, `error` answers 500, `limited` answers 429; `lost` does
    what was asked and then answers 500, as when the connection breaks on the way back; `slow` does
    it after `seconds` and answers as always.
    """

    kind: FaultKind
    store: str
    times: int = 1
    path: str = ""
    seconds: float = 30.0


class FailurePlan:
    """The faults still to come, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Plan one more; the oldest is dropped above 100."""
        self._faults = [*self._faults, fault][-FAULTS_MAX:]

    def clear(self, store: str) -> None:
        """Let `store` be well again."""
        self._faults = [fault for fault in self._faults if fault.store != store]

    def left(self, store: str) -> list[Fault]:
        """What no request of `store` has met yet."""
        return [fault for fault in self._faults if fault.store == store]

    def take(self, store: str, path: str) -> Fault | None:
        """The fault this request meets, if any."""
        for fault in self._faults:
            if fault.store == store and fault.path in path and fault.times > 0:
                fault.times -= 1
                if not fault.times:
                    self._faults.remove(fault)
                return fault
        return None


class RateLimit:
    """A token bucket per store: `per_second` on average, `burst` at once."""

    def __init__(self, per_second: float, burst: int, now: Callable[[], float]) -> None:
        self._per_second = per_second
        self._burst = burst
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, store: str) -> float:
        """Take one token: 0.0 when there was one, else the seconds until there is."""
        now = self._now()
        tokens, at = self._buckets.pop(store, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - at) * self._per_second)
        taken = tokens >= 1
        self._buckets[store] = (tokens - 1 if taken else tokens, now)
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets.popitem(last=False)
        return 0.0 if taken else (1 - tokens) / self._per_second
