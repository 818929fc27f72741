"""The log as it is shown: checkpoints, proofs, tiles and entries, for whoever checks it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import NotFoundError

from hyperpersonal_registry import journal
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.log import answers, checkpoints, store, tiles, tree
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.log.tiles import TileId


class LogView:
    """Reads; one a process."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._db = ground.db

    async def checkpoint(self) -> bytes:
        """The newest checkpoint, with the cosignatures it has; what is not signed yet is, where the
        log's key is. Raises NotFoundError."""
        async with self._db.transaction() as connection:
            if self._ground.signer is not None:
                return await checkpoints.keep(connection, self._ground.signer, self._ground.now)
            found = await checkpoints.newest(connection)
        if found is None:
            raise NotFoundError("this registry does not sign its log")
        return found

    async def sign(self, signer: Signer) -> bytes:
        """The newest checkpoint by another key, after a ceremony that named it."""
        async with self._db.transaction() as connection:
            return await checkpoints.keep(connection, signer, self._ground.now)

    async def answer(self, name: str) -> bytes | None:
        """What hosts ask of the log by name, see `answers`; None: there is no such thing."""
        async with self._db.transaction() as connection:
            return await answers.answer(connection, name)

    async def inclusion_proof(self, n: int, size: int) -> list[bytes]:
        """See `Registry.inclusion_proof`."""
        async with self._reading(n, size) as connection:
            return await tree.inclusion(store.reader(connection), n - 1, size)

    async def growth_proof(self, old_size: int, new_size: int) -> list[bytes]:
        """See `Registry.growth_proof`."""
        async with self._reading(old_size, new_size) as connection:
            return await tree.consistency(store.reader(connection), old_size, new_size)

    async def tile(self, tile: TileId, width: int) -> bytes:
        """The first `width` hashes of a tile. Raises NotFoundError when it has fewer."""
        async with self._db.transaction() as connection:
            found = await store.reader(connection)(tile)
        wanted = width * 32
        if not 1 <= width <= tiles.WIDTH or len(found) < wanted:
            raise NotFoundError("the log has no such tile")
        return found[:wanted]

    async def entries(self, number: int, width: int) -> bytes:
        """The entries under a tile of level 0, as a bundle. Raises NotFoundError."""
        if not 1 <= width <= tiles.WIDTH:
            raise NotFoundError("the log has no such entries")
        async with self._db.transaction() as connection:
            found = await journal.page(connection, number * tiles.WIDTH, width)
        if len(found) < width:
            raise NotFoundError("the log has no such entries")
        return tiles.bundle(entry.data for entry in found)

    @asynccontextmanager
    async def _reading(self, small: int, big: int) -> AsyncIterator[Connection]:
        """A transaction that sees a log of at least `big` entries."""
        async with self._db.transaction() as connection:
            if not 1 <= small <= big <= await journal.size(connection):
                raise NotFoundError("the log has no such entry or size", sizes=[small, big])
            yield connection
