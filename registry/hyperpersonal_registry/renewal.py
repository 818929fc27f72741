"""Signs the registry's metadata again well before it expires; tells of what people must sign."""

import asyncio
from datetime import datetime, timedelta

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import OutsideError

from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.trust.roles import is_own

LOOK_EVERY_S = 300.0
SOON = timedelta(days=30)


class Renewal:
    """One where the registry's keys are; several do no harm."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._log = log.get("registry")

    async def run(self, every_s: float = LOOK_EVERY_S) -> None:
        """Look now and then, until cancelled. What cannot be signed is said and tried again: hosts
        go on until their timestamp expires."""
        while True:
            try:
                await self.renew()
            except OutsideError as error:
                self._log.error("metadata.not_renewed", error=str(error))
            await asyncio.sleep(every_s)

    async def renew(self) -> list[str]:
        """Sign what is in its last third; the names of what was signed."""
        async with self._ground.changing() as (_, repository):
            if repository is None:
                return []
            signed = repository.renew(self._ground.now)
            ends = repository.expiries()
        self._warn(ends)
        if signed:
            self._log.info("metadata.renewed", roles=signed)
            await self._ground.tell()
        return signed

    def _warn(self, ends: dict[str, datetime]) -> None:
        """People sign the root and namespaces: say so in time."""
        due = {name: at for name, at in ends.items() if at - self._ground.now < SOON}
        ours = {"timestamp", "snapshot", "targets"}
        for name in sorted(name for name in set(due) - ours if not is_own(name)):
            self._log.warning("metadata.expires_soon", role=name, expires=due[name].isoformat())
