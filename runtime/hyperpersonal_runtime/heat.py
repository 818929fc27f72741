"""Which releases are hot: called often enough, lately, that an instance made ahead will be used."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

CALLS_MIN = 3.0
HALF_LIFE_SECONDS = 10.0
KEYS_MAX = 1_000


class Heat:
    """Counts uses that fade: half of one after `half_life_seconds`. At most 1,000 keys are
    remembered. A key with `calls_min` is hot."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        *,
        calls_min: float = CALLS_MIN,
        half_life_seconds: float = HALF_LIFE_SECONDS,
    ) -> None:
        self._now = now
        self._calls_min = calls_min
        self._half_life_seconds = half_life_seconds
        self._seen: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def add(self, key: Hashable) -> bool:
        """One more use; whether the key is hot now."""
        now = self._now()
        count, at = self._seen.get(key, (0.0, now))
        count = count * 0.5 ** ((now - at) / self._half_life_seconds) + 1.0
        self._seen[key] = (count, now)
        self._seen.move_to_end(key)
        if len(self._seen) > KEYS_MAX:
            self._seen.popitem(last=False)
        return bool(count >= self._calls_min)
