"""Which releases a tenant may have, and what it must know of them first.

What nobody reviewed runs only where the tenant accepted that, for this installation. Whether
reviewers stand for a release is asked of this host's own trust, as at each load: nobody who has
the registry's keys can say it in their place.
"""

from uuid import UUID

from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_registry.api import Registry, Release, ReleaseRefusedError, Visibilities
from msgspec import Struct

from hyperpersonal_marketplace.errors import InstallRefusedError


class Taken(Struct, frozen=True):
    """A release that may be loaded. `unreviewed`: only because the tenant accepts that nobody
    reviewed it."""

    release: Release
    unreviewed: bool = False


class Offers:
    """Stateless; one a process. `visibilities` None: everybody may have everything."""

    def __init__(self, registry: Registry, visibilities: Visibilities | None) -> None:
        self._registry = registry
        self._visibilities = visibilities

    async def find(self, plugin_id: str, version: str | None, tenant_id: UUID | None) -> Release:
        """The newest release, or the named one. What is not for this tenant is not there, in the
        same words. Raises NotFoundError."""
        hidden = self._visibilities
        if hidden and not await hidden.may(plugin_id, tenant_id):
            what = plugin_id if version is None else f"{plugin_id}@{version}"
            raise NotFoundError(f"there is no release {what} to install", plugin_id=plugin_id)
        return await self._registry.find(plugin_id, version)

    async def take(
        self, plugin_id: str, version: str | None, tenant_id: UUID, *, unreviewed: bool
    ) -> Taken:
        """The same, when it may be loaded. `unreviewed`: whether the tenant accepts such code.

        Raises:
            InstallRefusedError: `unreviewed`: nobody reviewed it, and that is not accepted.
            NotFoundError: there is no such release.
            RefusedError: code `release_refused`, the release is not trusted.
        """
        release = await self.find(plugin_id, version, tenant_id)
        bare = await self.is_unreviewed(release)
        if bare and not unreviewed:
            message = (
                f"no reviewer stands for {release.name}: it runs only where you accept that, as "
                "for code of your own (`--accept-unreviewed`)"
            )
            raise InstallRefusedError("unreviewed", message)
        await self._registry.load(release.digest, unreviewed=bare)
        return Taken(release, bare)

    async def is_unreviewed(self, release: Release) -> bool:
        """Whether all that speaks against it is that too few reviewers stand for it."""
        try:
            await self._registry.load(release.digest)
        except ReleaseRefusedError as error:
            return error.reason == "unreviewed"
        return False
