"""A log in memory, for those who check logs."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_registry.log import tree
from hyperpersonal_registry.log.answers import at_once
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.log.tiles import TileId
from hyperpersonal_sdk.transparency import merkle

LOG_SIGNER = Signer("log.example/registry", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


class MemoryLog:
    """The log of these entries; it shows itself at any size."""

    def __init__(self, entries: Sequence[str]) -> None:
        self.leaves = [merkle.leaf_hash(one.encode()) for one in entries]
        self._tiles: dict[TileId, bytes] = {}
        self._tiles = at_once(tree.grown(self._read, 0, self.leaves))

    def checkpoint(self, size: int, signer: Signer = LOG_SIGNER) -> bytes:
        return signer.sign(size, at_once(tree.root(self._read, size)))

    def consistency(self, old: int, new: int) -> list[bytes]:
        return at_once(tree.consistency(self._read, old, new))

    async def _read(self, tile: TileId) -> bytes:
        return self._tiles.get(tile, b"")


__all__ = ["LOG_SIGNER", "MemoryLog"]
