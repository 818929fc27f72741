"""The tree over tiles: appending, its root, and proofs. Cost grows with the logarithm of the size.

Source: RFC 6962 sections 2.1.1 and 2.1.2.
"""

from collections.abc import Awaitable, Callable, Iterable

from hyperpersonal_sdk.transparency.merkle import EMPTY_ROOT, node_hash

from hyperpersonal_registry.log.tiles import HEIGHT, WIDTH, TileId, hashes, root_of

ReadTile = Callable[[TileId], Awaitable[bytes]]
"""The bytes of a tile, as far as it is filled; empty when nothing is in it yet."""


async def grown(read: ReadTile, size: int, leaves: Iterable[bytes]) -> dict[TileId, bytes]:
    """The tiles that change when leaf hashes are appended to a tree of `size`."""
    changed: dict[TileId, bytes] = {}
    for at, leaf in enumerate(leaves, start=size):
        await _put(read, changed, TileId(0, at // WIDTH), leaf)
    return changed


async def _put(read: ReadTile, changed: dict[TileId, bytes], tile: TileId, value: bytes) -> None:
    if tile not in changed:
        changed[tile] = await read(tile)
    changed[tile] += value
    row = hashes(changed[tile])
    if len(row) == WIDTH:
        above = TileId(tile.level + 1, tile.number // WIDTH)
        await _put(read, changed, above, root_of(row))


async def root(read: ReadTile, size: int) -> bytes:
    """The root of the first `size` leaves."""
    return await _hash(read, 0, size) if size else EMPTY_ROOT


async def inclusion(read: ReadTile, index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size`: bottom up."""
    assert 0 <= index < size, "only a leaf of the tree can be proven"
    return await _path(read, index, 0, size)


async def consistency(read: ReadTile, old_size: int, new_size: int) -> list[bytes]:
    """The proof that the tree of `new_size` continues the one of `old_size`."""
    assert 0 <= old_size <= new_size, "a tree only grows"
    if old_size in (0, new_size):
        return []
    return await _subproof(read, old_size, (0, new_size), whole=True)


async def _path(read: ReadTile, index: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*await _path(read, index, start, middle), await _hash(read, middle, end)]
    return [*await _path(read, index, middle, end), await _hash(read, start, middle)]


async def _subproof(
    read: ReadTile, old_size: int, span: tuple[int, int], *, whole: bool
) -> list[bytes]:
    start, end = span
    if old_size == end:
        return [] if whole else [await _hash(read, start, end)]
    middle = start + _split(end - start)
    if old_size <= middle:
        left = await _subproof(read, old_size, (start, middle), whole=whole)
        return [*left, await _hash(read, middle, end)]
    right = await _subproof(read, old_size, (middle, end), whole=False)
    return [*right, await _hash(read, start, middle)]


async def _hash(read: ReadTile, start: int, end: int) -> bytes:
    """The root over leaves start..end. Complete subtrees come from one tile."""
    count = end - start
    if count & (count - 1) == 0:  # start is a multiple of count: RFC 6962 splits so
        return await _complete(read, start, count)
    middle = start + _split(count)
    return node_hash(await _hash(read, start, middle), await _hash(read, middle, end))


async def _complete(read: ReadTile, start: int, count: int) -> bytes:
    level, height = divmod(count.bit_length() - 1, HEIGHT)
    first = start >> (HEIGHT * level)
    row = hashes(await read(TileId(level, first // WIDTH)))
    at = first % WIDTH
    return root_of(row[at : at + (1 << height)])


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)
