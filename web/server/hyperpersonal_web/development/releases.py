"""Releases under development, beside those of the registry."""

from hyperpersonal_core.api import ReleaseStore
from hyperpersonal_runtime.api import SealedRelease

HELD_MAX = 32


class DevelopmentReleases:
    """A ReleaseStore: what was put here by its digest, else what the registry verifies. Holds the
    newest 32; turns that began on an older one are those of minutes ago."""

    def __init__(self, store: ReleaseStore) -> None:
        self._store = store
        self._held: dict[str, SealedRelease] = {}

    def put(self, release: SealedRelease) -> None:
        """Let hosts of this process load it."""
        self._held.pop(release.digest, None)
        self._held[release.digest] = release
        if len(self._held) > HELD_MAX:
            self._held.pop(next(iter(self._held)))

    async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
        """The release of a digest. Raises RefusedError as the registry does."""
        found = self._held.get(digest)
        if found is not None:
            return found
        return await self._store.load(digest, unreviewed=unreviewed)
