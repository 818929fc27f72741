"""The log's tiles in PostgreSQL, within the transaction that appends."""

from collections.abc import Iterable

from hyperpersonal_core.kit.db import Connection

from hyperpersonal_registry.log import tree
from hyperpersonal_registry.log.tiles import TileId
from hyperpersonal_registry.log.tree import ReadTile

_READ = "select hashes from registry.log_tiles where level = $1 and number = $2"
_WRITE = """insert into registry.log_tiles (level, number, hashes) values ($1, $2, $3)
on conflict (level, number) do update set hashes = excluded.hashes"""


def reader(connection: Connection) -> ReadTile:
    """Reads tiles in this transaction, each once."""
    held: dict[TileId, bytes] = {}

    async def read(tile: TileId) -> bytes:
        if tile not in held:
            held[tile] = await connection.fetchval(_READ, tile.level, tile.number) or b""
        return held[tile]

    return read


async def append(connection: Connection, size: int, leaves: Iterable[bytes]) -> None:
    """Grow the tree of `size` by leaf hashes; the caller keeps others from appending too."""
    changed = await tree.grown(reader(connection), size, leaves)
    rows = [(tile.level, tile.number, hashes) for tile, hashes in changed.items()]
    await connection.executemany(_WRITE, rows)
