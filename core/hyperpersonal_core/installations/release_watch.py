"""What processes with sandboxes hear of releases, and do about it.

Rules:
1. News are hints over the bus: what is true stands in the registry, which is asked.
2. A release with calls in flight is verified again every second, and at once when trust is said
   to have changed; then nothing that was verified before is believed. One that is refused is
   stopped here, calls in flight and all.
3. A release that is about to replace another is made ready in every process before it serves.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
from hyperpersonal_runtime.api import SealedRelease
from msgspec import Struct

from hyperpersonal_core.installations.releases import ReleaseStore
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.bus import Bus, Delivery
from hyperpersonal_core.kit.errors import OutsideError, RefusedError

SUBJECT = "hp.releases"
CHECK_EVERY_S = 1.0


class News(Struct, frozen=True):
    """`prepare`: the digest of a release to come, `unreviewed`: for a tenant that accepted that;
    empty: some release may not be trusted now."""

    prepare: str = ""
    unreviewed: bool = False


class Sandboxes(Protocol):
    """The plugin host of this process."""

    @property
    def running(self) -> tuple[str, ...]: ...

    def stop(self, digest: str, why: str) -> int: ...

    async def prepare(self, release: SealedRelease) -> str: ...


async def tell(bus: Bus, news: News) -> None:
    """Let every process with sandboxes know; a bus that is away costs a second, not the truth."""
    try:
        await bus.announce(SUBJECT, msgspec.json.encode(news))
    except OutsideError as error:
        log.get("releases").warning("releases.untold", error=str(error))


class ReleaseWatch:
    """Keeps the releases that run here to what the registry says.

    Args:
        releases: verifies at every load.
        forget: makes whoever holds verified releases verify one again; '': all of them.
        refresh: looks for news of what may be loaded; what is known here is checked first.
    """

    def __init__(
        self,
        bus: Bus,
        host: Sandboxes,
        releases: ReleaseStore,
        forget: Callable[[str], None],
        refresh: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._bus = bus
        self._host = host
        self._releases = releases
        self._forget = forget
        self._refresh = refresh
        self._log = log.get("releases")

    async def run(self) -> None:
        """Watch, until cancelled."""
        heard = await self._bus.subscribe(SUBJECT, self._heard)
        try:
            while True:
                await asyncio.sleep(CHECK_EVERY_S)
                await self.check()
        finally:
            await heard.close()

    async def check(self) -> None:
        """Verify what runs now; stop what is refused."""
        for digest in self._host.running:
            try:
                # Whether reviews are needed was asked where the call began, for its tenant.
                await self._releases.load(digest, unreviewed=True)
            except RefusedError as error:
                self._forget(digest)
                stopped = self._host.stop(digest, error.message)
                self._log.warning("release.stopped", digest=digest, calls=stopped)
            except OutsideError as error:
                self._log.warning("releases.unchecked", error=str(error))

    async def _heard(self, delivery: Delivery) -> None:
        news = msgspec.json.decode(delivery.payload, type=News)
        if not news.prepare:
            self._forget("")
            await self.check()
            if self._refresh is not None:
                await self._refresh()
                await self.check()
            return
        try:
            release = await self._releases.load(news.prepare, unreviewed=news.unreviewed)
            why = await self._host.prepare(release)
        except RefusedError as error:
            why = error.message
        if why:
            self._log.warning("release.not_ready", digest=news.prepare, error=why)
