"""How many turns under way at once keep every one of them quick.

Work that must go through the same loop, database and cores waits for what is there already. So the
number of turns under way is steered by their delay, as a sender is by a network's: the engine's own
time in a turn (all but its plugins') is held against the least it took lately. A little more while
it stays near that and all of it is used, less when it grows. Sources: Brakmo and Peterson, TCP
Vegas, 1994 (by delay, not loss); RFC 2861, section 2 (not beyond what is used).
"""

from collections.abc import Callable

NEAR, NEAR_MS = 1.3, 4.0  # times the least, and a little for a clock's own grain
SMOOTHING = 0.1  # of each turn
LESS = 0.95
FORGET = 1.002  # of the least a turn took, at each turn: machines get slower too
AT_ONCE_MIN, AT_ONCE_FIRST = 2.0, 6.0


class Pace:
    """Looks at each turn that ends.

    Args:
        at_once_max: the most `at_once` becomes.
        used: how many are under way now.
    """

    def __init__(self, at_once_max: int, used: Callable[[], int]) -> None:
        self._most = float(at_once_max)
        self._used = used
        self._at_once = min(self._most, AT_ONCE_FIRST)
        self._least_ms = float("inf")
        self._lately_ms = 0.0

    @property
    def at_once(self) -> int:
        """How many may be under way so that nobody waits for another; 2 at least."""
        return int(self._at_once)

    def ended(self, engine_ms: float) -> None:
        """A turn has ended, with so much of the engine's own time in it."""
        self._least_ms = min(self._least_ms * FORGET, engine_ms)
        self._lately_ms += SMOOTHING * (engine_ms - self._lately_ms)
        if self._lately_ms > self._least_ms * NEAR + NEAR_MS:
            self._at_once = max(min(AT_ONCE_MIN, self._most), self._at_once * LESS)
        elif self._used() >= self.at_once:
            self._at_once = min(self._most, self._at_once + 1 / self._at_once)
