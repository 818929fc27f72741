"""The wall around plugins: which one this process has, and what the runtime processes tell."""

import asyncio

from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.presence import Presence
from hyperpersonal_core.kit.settings import Settings
from hyperpersonal_runtime.jail.find import find_jail
from hyperpersonal_runtime.jail.program import Jail, JailError, Tier

SUBJECT = "hp.runtime.wall"
WEAKEST_FIRST: tuple[Tier, ...] = ("none", "landlock", "namespaces")
UNKNOWN = "unknown"


class Walls:
    """The tiers of all runtime processes, as each tells on the bus."""

    def __init__(self, bus: Bus) -> None:
        self._presence = Presence(bus, SUBJECT)

    async def tell(self, tier: Tier) -> None:
        """Tell this process's tier until cancelled."""
        await self._presence.tell(tier)

    async def listen(self) -> None:
        """Hear the others from now on."""
        await self._presence.listen()

    def weakest(self) -> str:
        """The weakest tier heard of in the last seconds; UNKNOWN when none is heard."""
        told = self._presence.facts()
        return next((tier for tier in WEAKEST_FIRST if tier in told), UNKNOWN)


async def open_jail(settings: Settings) -> Jail:
    """The wall that the settings choose, tried on this machine.

    Raises:
        RefusedError: the tier that was asked for does not work here.
    """
    trusted = frozenset(filter(None, settings.sandbox_trusted.split(",")))
    try:
        return await asyncio.to_thread(find_jail, settings.sandbox_tier, trusted)
    except JailError as error:
        raise RefusedError(f"HP_SANDBOX_TIER={settings.sandbox_tier}: {error}") from error
