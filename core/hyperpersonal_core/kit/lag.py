"""How late this process's event loop runs what is due: whether the process keeps up."""

import asyncio
from collections.abc import Callable

EVERY_S = 0.02
LATE_MS_MAX = 15.0
FADE = 0.8  # of what was seen before, at each look


class Lag:
    """Looks every 20 ms. `changed` is called when the process catches up again."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self.late_ms = 0.0

    @property
    def busy(self) -> bool:
        """Whether the process was late by more than 15 ms lately."""
        return self.late_ms > LATE_MS_MAX

    async def run(self) -> None:
        """Look, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            was_busy = self.busy
            self.late_ms = max((loop.time() - due) * 1e3, self.late_ms * FADE)
            if was_busy and not self.busy:
                self._changed()
