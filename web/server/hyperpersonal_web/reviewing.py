"""What people who keep the market clean work with."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hyperpersonal_core.api import Exposed, Exposures, Installations, Served
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_registry.api import Registry
from hyperpersonal_registry.reviews.desk import Desk
from hyperpersonal_registry.reviews.observations import Observations, Reporter
from hyperpersonal_registry.reviews.quarantine import Quarantines
from hyperpersonal_registry.reviews.withdrawn import Withdrawn, digests_of, withdrawn
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.manifest import Manifest
from hyperpersonal_sdk.risk import DATA, data_granted
from msgspec import Struct

NOTICE_DAYS = 90
USER_CALLS_MIN = 20
USER_DAYS_MIN = 2


class ExposedTenant(Struct, frozen=True):
    """One tenant and one release that reached it; `data`: what it could touch, in words."""

    plugin_id: str
    version: str
    exposed: Exposed
    data: list[str]


class Notice(Struct, frozen=True):
    """A withdrawn release that a tenant has, or had calls of in the last 90 days. `words`: all of
    it in a few sentences."""

    words: str
    release: Withdrawn
    installed: bool
    served: Served | None


class Reviewing(Struct, frozen=True):
    """One a gateway."""

    registry: Registry
    desk: Desk
    quarantines: Quarantines
    observations: Observations
    exposures: Exposures
    installations: Installations

    @classmethod
    def over(cls, registry: Registry, installations: Installations, ids: Ids) -> "Reviewing":
        """Over a registry and the tenants of this deployment."""
        ground = registry.ground
        return cls(
            registry, Desk(ground), Quarantines(ground), Observations(ground, ids),
            Exposures(ground.db), installations,
        )  # fmt: skip

    async def exposure(self, plugin_id: str, version: str = "") -> list[ExposedTenant]:
        """Everybody whom a release, or any of the plugin's, reached; the most calls first.

        Raises:
            NotFoundError: there is no such release.
        """
        digests = await digests_of(self.registry.ground.db, plugin_id, version)
        if not digests:
            raise NotFoundError("there is no such plugin or release", plugin_id=plugin_id)
        known = {one.digest: one for one in await self.registry.releases(plugin_id)}
        return [
            ExposedTenant(
                plugin_id, known[one.digest].version, one,
                _data(known[one.digest].manifest, one.grants),
            )
            for one in await self.exposures.of(digests)
        ]  # fmt: skip

    async def notices(self, tenant_id: UUID) -> list[Notice]:
        """What a tenant must know: withdrawn releases it has, or that served it lately."""
        since = self.registry.ground.now - timedelta(days=NOTICE_DAYS)
        served = {one.digest: one for one in await self.exposures.served(tenant_id, since)}
        has = {one.digest for one in await self.installations.list(tenant_id)}
        found = await withdrawn(self.registry.ground.db, sorted({*served, *has}))
        return [_notice(one, has, served.get(one.digest)) for one in found]

    async def reporter(self, tenant_id: UUID, plugin_id: str) -> Reporter:
        """How much a tenant's report of a plugin counts: as a user's once it has really used it."""
        since = self.registry.ground.now - timedelta(days=NOTICE_DAYS)
        used = [
            s for s in await self.exposures.served(tenant_id, since) if s.plugin_id == plugin_id
        ]
        return Reporter(f"tenant:{tenant_id}", "user" if _is_use(used) else "other")


_FATES = {
    "yanked": "was taken back by its publisher; it goes on where it is",
    "quarantined": "was stopped everywhere until somebody has looked",
    "revoked": "was forbidden and stopped everywhere, for good",
}


def _notice(release: Withdrawn, has: set[str], served: Served | None) -> Notice:
    installed = release.digest in has
    name = f"{release.title} {release.version} ({release.plugin_id})"
    words = [f"{name} {_FATES[release.status]}: {release.reason}"]
    if served is not None:
        since = served.first_at.strftime("%Y-%m-%d")
        calls = "1 call" if served.calls == 1 else f"{served.calls:,} calls"
        words.append(f"It served {calls} of your shop since {since}.")
    if installed and release.status == "yanked":
        words.append("You have it installed; look for a newer release.")
    elif installed:
        words.append("You have it installed; nothing of it runs. Update it, or remove it.")
    return Notice(" ".join(words), release, installed, served)


def _is_use(served: Sequence[Served]) -> bool:
    if not served:
        return False
    lasted = max(one.last_at for one in served) - min(one.first_at for one in served)
    calls = sum(one.calls for one in served)
    return calls >= USER_CALLS_MIN and lasted >= timedelta(days=USER_DAYS_MIN)


def _data(manifest: Manifest, grants: list[str] | None) -> list[str]:
    granted = None if grants is None else CapabilitySet.parse(grants)
    classes = data_granted(manifest, granted)
    return [words for kind, words in DATA.items() if kind in classes]
