"""A log in memory that holds some releases, cosigned by two witnesses; as a mirror answers it."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_registry.journal import Entry
from hyperpersonal_registry.log import tree
from hyperpersonal_registry.log.answers import KIND, LogPart, at_once
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.log.tiles import TileId
from hyperpersonal_sdk.transparency import merkle, note
from hyperpersonal_sdk.transparency.checkpoint import Witnesses
from hyperpersonal_sdk.transparency.note import COSIGNATURE, NoteKey

NAMES = ("witness.example/1", "witness.example/2")


def watched(keys: tuple[Ed25519PrivateKey, ...]) -> Witnesses:
    """Witnesses with these keys, all of whom a host wants."""
    publics = [key.public_key().public_bytes_raw() for key in keys]
    named = [NoteKey(n, raw, COSIGNATURE) for n, raw in zip(NAMES, publics, strict=True)]
    return Witnesses(tuple(named), len(named))


def logged(
    releases: list[tuple[str, str]], signer: Signer, keys: tuple[Ed25519PrivateKey, ...]
) -> LogPart:
    """The log of these publications: (`plugin@version`, digest) each."""
    now, tiles = datetime.now(UTC), dict[TileId, bytes]()
    entries = [
        Entry(n, now, KIND, name, {"digest": digest})
        for n, (name, digest) in enumerate(releases, 1)
    ]

    async def read(tile: TileId) -> bytes:
        return tiles.get(tile, b"")

    tiles |= at_once(tree.grown(read, 0, [merkle.leaf_hash(one.data) for one in entries]))
    signed = note.parse(signer.sign(len(entries), at_once(tree.root(read, len(entries)))))
    for name, key in zip(NAMES, keys, strict=True):
        signed = note.cosign(signed, name, key, int(now.timestamp()))
    rows = [(tile.level, tile.number, hashes) for tile, hashes in tiles.items()]
    return LogPart(signed.data, rows, [(one.n, one.data) for one in entries])
