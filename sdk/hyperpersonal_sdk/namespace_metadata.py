"""A publisher's own TUF metadata: which releases stand under its name. Signed on its own machine.

The registry cannot make a release appear: it takes what the publisher signed here or nothing.
Source: The Update Framework specification 1.0, sections 4.5 and 5.6 (delegated targets).
"""

import hashlib
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, TargetFile, Targets
from tuf.api.serialization import DeserializationError

from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.errors import BadInputError

METADATA_BYTES_MAX = 5_000_000


class MetadataError(BadInputError):
    """What the registry calls the namespace's metadata cannot be read."""

    code = "bad_metadata"


def release_path(plugin_id: str, version: str) -> str:
    """Under which target path a release stands."""
    return f"{plugin_id}@{version}.hpx"


def with_release(
    current: Metadata[Targets] | None, archive: bytes, expires: datetime
) -> Metadata[Targets]:
    """The namespace's next metadata with one release more, unsigned.

    Args:
        current: the newest one; None before the first release.
        archive: the bytes of the `.hpx`.
        expires: an aware instant.
    """
    following = following_of(current, expires)
    unpacked = hpx.unpack(archive)
    path = release_path(unpacked.manifest.id, unpacked.manifest.version)
    custom = {"custom": {"digest": unpacked.digest}}
    hashes = {"sha256": hashlib.sha256(archive).hexdigest()}
    following.signed.targets[path] = TargetFile(len(archive), hashes, path, custom)
    return following


def sign(metadata: Metadata[Targets], *keys: Ed25519PrivateKey) -> bytes:
    """Signed bytes, as they are handed in."""
    for key in keys:
        metadata.sign(CryptoSigner(key), append=True)
    return metadata.to_bytes()


def signed_release(
    current: bytes | None, archive: bytes, expires: datetime, key: Ed25519PrivateKey
) -> bytes:
    """What is handed in with a release: the namespace's next metadata, signed.

    Args:
        current: the newest metadata as the registry serves it; None before the first release.
        archive: the bytes of the `.hpx`.
        expires: an aware instant.
        key: of the publisher.

    Raises:
        MetadataError: `current` is unreadable.
    """
    return sign(with_release(read(current), archive, expires), key)


def read(data: bytes | None) -> Metadata[Targets] | None:
    """Metadata a registry served. Raises MetadataError."""
    if data is None:
        return None
    try:
        return Metadata[Targets].from_bytes(data[:METADATA_BYTES_MAX])
    except (RepositoryError, DeserializationError, ValueError, AttributeError) as error:
        raise MetadataError(f"the namespace's metadata cannot be read: {error}") from error


def following_of(current: Metadata[Targets] | None, expires: datetime) -> Metadata[Targets]:
    """A copy of the next version, unsigned, to change."""
    if current is None:
        return Metadata(Targets(1, None, expires, {}))
    following: Metadata[Any] = Metadata[Targets].from_bytes(current.to_bytes())
    following.signed.version += 1
    following.signed.expires = expires
    following.signatures.clear()
    return following
