"""The log as it is shown: checkpoints, proofs, tiles and entries, for whoever checks it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import NotFoundError

from hyperpersonal_registry import journal
from hyperpersonal_registry.log import store, tiles, tree
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.log.tiles import TileId


class LogView:
    """Reads; one a process. `signer`: None where checkpoints are not signed here."""

    def __init__(self, db: Database, signer: Signer | None) -> None:
        self._db = db
        self._signer = signer

    async def checkpoint(self) -> bytes:
        """See `Registry.checkpoint`."""
        if self._signer is None:
            raise NotFoundError("this registry does not sign its log")
        async with self._db.transaction() as connection:
            size = await journal.size(connection)
            return self._signer.sign(size, await tree.root(store.reader(connection), size))

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
