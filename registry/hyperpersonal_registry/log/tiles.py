"""Tiles: the tree cut into rows of up to 256 hashes, so that it can be served as static files.

Tile n of level L holds the roots of complete subtrees of height 8 L: 256 of them when it is full.
A full tile never changes. Source: C2SP tlog-tiles v1.0.0.
"""

import struct
from collections.abc import Iterable, Iterator

from hyperpersonal_sdk.transparency.merkle import HASH_BYTES, node_hash
from msgspec import Struct

HEIGHT = 8
WIDTH = 1 << HEIGHT
ENTRY_BYTES_MAX = 0xFFFF


class TileId(Struct, frozen=True, order=True):
    """Which tile: its level, its number in the level."""

    level: int
    number: int


def path(tile: TileId, width: int = WIDTH) -> str:
    """Where a tile is served: `tile/0/x001/067`, a partial one with `.p/<width>`."""
    return f"tile/{tile.level}/{_number(tile.number)}{_partial(width)}"


def bundle_path(number: int, width: int = WIDTH) -> str:
    """Where the entries under the tile (0, number) are served."""
    return f"tile/entries/{_number(number)}{_partial(width)}"


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries in a row, each after its length (two bytes, big-endian)."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def unbundle(data: bytes) -> Iterator[bytes]:
    """The entries of a bundle. Raises ValueError when it is cut off."""
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(">H", data.ljust(at + 2, b"\0"), at)
        at += 2 + size
        if at > len(data):
            raise ValueError("the bundle is cut off")
        yield data[at - size : at]


def hashes(tile: bytes) -> list[bytes]:
    """The hashes of a tile's bytes."""
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


def root_of(parts: list[bytes]) -> bytes:
    """The root over a power of two of neighbouring hashes."""
    while len(parts) > 1:
        parts = [node_hash(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def _number(number: int) -> str:
    """Groups of three digits, all but the last marked with an x."""
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03d}")
    return "/".join(parts)


def _partial(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"
