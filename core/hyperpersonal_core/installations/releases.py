"""Where verified releases come from. The registry implements it; the core only knows this port."""

from typing import Protocol

from hyperpersonal_runtime.api import SealedRelease

from hyperpersonal_core.kit.clock import Clock

HELD_MAX = 64


class ReleaseStore(Protocol):
    """Gives a release by digest after checking its signature, at every load."""

    async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
        """`unreviewed`: for an installation whose tenant accepted code that nobody reviewed.
        Raises RefusedError (code `release_refused`) with the reason when trust fails."""
        ...


class HeldReleases:
    """A store that asks another one at most once in `held_s` for a digest, so that a busy agent
    is not read and verified for every turn.

    A revocation therefore takes effect within `held_s`, at once where `forget` is called.
    A refusal is never held.
    """

    def __init__(self, store: ReleaseStore, clock: Clock, held_s: float = 5.0) -> None:
        self._store = store
        self._clock = clock
        self._held_s = held_s
        self._held: dict[tuple[str, bool], tuple[float, SealedRelease]] = {}
        self._forgotten = 0

    async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
        """The verified release. Raises RefusedError as the store does."""
        now, asked = self._clock.now().timestamp(), (digest, unreviewed)
        until, release = self._held.get(asked, (0.0, None))
        if release is not None and now < until:
            return release
        self._held.pop(asked, None)
        forgotten = self._forgotten
        release = await self._store.load(digest, unreviewed=unreviewed)
        if forgotten == self._forgotten:  # else this answer may be from before the news
            if len(self._held) >= HELD_MAX:
                self._held.pop(next(iter(self._held)))
            self._held[asked] = (now + self._held_s, release)
        return release

    def forget(self, digest: str = "") -> None:
        """Verify this release anew at its next call; without a digest, every one."""
        self._forgotten += 1
        if digest:
            for accepted in (False, True):
                self._held.pop((digest, accepted), None)
        else:
            self._held.clear()
