"""How late this process's event loop runs what is due, and how much at once keeps it on time.

Work that hops through the loop twenty times waits twenty times as long as the loop is late. So the
number of turns under way is steered by it as a sender is by a network's delay: a little more while
the loop is on time and all of it is used, a tenth less at each look while it is late (additive
increase, multiplicative decrease: Chiu and Jain, 1989; by delay, not loss: Brakmo and Peterson, TCP
Vegas, 1994; not beyond what is used: RFC 2861, section 2).
"""

import asyncio
from collections.abc import Callable

EVERY_S = 0.02
LATE_MS_MAX = 2.5
SMOOTHING = 0.1  # of each look: what counts is about the last 200 ms
MORE, LESS = 0.2, 0.9
AT_ONCE_MIN, AT_ONCE_FIRST = 3.0, 8.0


class Lag:
    """Looks every 20 ms.

    Args:
        at_once_max: the most `at_once` becomes.
        used: how much is under way now.
        changed: called when it has grown by a whole one.
    """

    def __init__(
        self,
        at_once_max: int,
        used: Callable[[], int],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._most = float(at_once_max)
        self._used = used
        self._changed = changed
        self._at_once = min(self._most, AT_ONCE_FIRST)
        self.late_ms = 0.0

    @property
    def at_once(self) -> int:
        """How much may be under way so that nobody is late; 3 at least."""
        return int(self._at_once)

    async def run(self) -> None:
        """Look, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self.look((loop.time() - due) * 1e3)

    def look(self, late_ms: float) -> None:
        """Take in how late the loop was just now."""
        before = self.at_once
        self.late_ms += SMOOTHING * (late_ms - self.late_ms)
        if self.late_ms > LATE_MS_MAX:
            self._at_once = max(min(AT_ONCE_MIN, self._most), self._at_once * LESS)
        elif self._used() >= before:
            self._at_once = min(self._most, self._at_once + MORE)
        if self.at_once > before:
            self._changed()
