"""Copies artifacts from one store to another; what was copied already is left, so it can go on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Literal

from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.errors import ArchiveError
from msgspec import Struct

from hyperpersonal_registry.blobs import Blobs

AT_ONCE_MAX = 4  # each holds an artifact or two in memory

Fate = Literal["copied", "there", "altered", "lost"]
Told = Callable[[str, Fate], None]


class Copied(Struct):
    """What became of the source's artifacts. `damaged`: digests whose bytes are not what they are
    named by in the source, or vanished while it was read; they were left where they are."""

    copied: int = 0
    there: int = 0
    damaged: list[str] = []

    def note(self, digest: str, fate: Fate) -> None:
        """Count one."""
        if fate == "copied":
            self.copied += 1
        elif fate == "there":
            self.there += 1
        else:
            self.damaged.append(digest)


def _untold(digest: str, fate: Fate) -> None:
    """Nobody listens."""


async def copy_blobs(source: Blobs, target: Blobs, told: Told = _untold) -> Copied:
    """Bring each artifact of `source` into `target`; both are read, and neither is believed.
    `told` hears what became of each.

    Raises:
        OutsideError: a store fails. Begin again: what is there is not sent again.
    """
    found, left, lock = Copied(), source.digests(), asyncio.Lock()

    async def work() -> None:
        while (digest := await _next(left, lock)) is not None:
            fate = await _copy(digest, source, target)
            found.note(digest, fate)
            told(digest, fate)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE_MAX):
                group.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    return found


async def _next(digests: AsyncIterator[str], lock: asyncio.Lock) -> str | None:
    async with lock:  # a generator is asked by one at a time
        return await anext(digests, None)


async def _copy(digest: str, source: Blobs, target: Blobs) -> Fate:
    if await _is(digest, await target.get(digest)):
        return "there"
    artifact = await source.get(digest)
    if artifact is None:
        return "lost"
    if not await _is(digest, artifact):
        return "altered"
    await target.put(digest, artifact)
    return "copied"


async def _is(digest: str, artifact: bytes | None) -> bool:
    """Whether these bytes are the artifact of this name."""
    if artifact is None:
        return False
    try:
        return (await asyncio.to_thread(hpx.unpack, artifact)).digest == digest
    except ArchiveError:
        return False
