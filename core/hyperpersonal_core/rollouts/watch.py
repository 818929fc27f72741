"""Watches over all tenants' running rollouts, in the background."""

import asyncio

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.rollouts.judge import Judge
from hyperpersonal_core.rollouts.records import RolloutRecords
from hyperpersonal_core.rollouts.shadow import Shadow
from hyperpersonal_core.turns.claim import Place

EVERY_S = 2.0
RUNNING_MAX = 1_000


class RolloutWatch:
    """Looks at each of them in turn.

    Args:
        judge: decides on canaries.
        shadow: compares turns; None: this process has no sandboxes for it.
    """

    def __init__(
        self, records: RolloutRecords, judge: Judge, shadow: Shadow | None,
        every_s: float = EVERY_S,
    ) -> None:  # fmt: skip
        self._records = records
        self._judge = judge
        self._shadow = shadow
        self._every_s = every_s
        self._log = log.get("rollouts")

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except OutsideError as error:
                self._log.warning("rollouts.database_away", error=str(error))
            await asyncio.sleep(self._every_s)

    async def look(self) -> None:
        """Once at each. What one of them meets does not keep the others."""
        for place in await self._records.running(RUNNING_MAX):
            try:
                await self._look(place)
            except RefusedError as error:
                ids = {"rollout_id": str(place[1])}
                self._log.warning("rollout.not_judged", error=error.message, **ids)

    async def _look(self, place: Place) -> None:
        one = await self._judge.look(place)
        if one is not None and one.state == "shadow" and self._shadow is not None:
            await self._shadow.look(place)
