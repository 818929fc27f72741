"""Where verified releases come from. The registry implements it; the core only knows this port."""

from typing import Protocol

from hyperpersonal_runtime.api import SealedRelease


class ReleaseStore(Protocol):
    """Gives a release by digest after checking its signature, at every load."""

    async def load(self, digest: str) -> SealedRelease:
        """Raises RefusedError (code `release_refused`) with the reason when trust fails."""
        ...
