"""The root of trust: made and changed by people who come together with their keys, offline."""

from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.errors import RefusedError
from securesystemslib.signer import Key
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Role, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from hyperpersonal_registry.trust.roles import Lifetimes, signer

ROOT_BYTES_MAX = 512_000


def new_root(
    holders: Sequence[Key], threshold: int, online: dict[str, Key], expires: datetime
) -> Metadata[Root]:
    """The first root, unsigned.

    Args:
        holders: the keys of the people who stand for the root.
        threshold: how many of them must sign.
        online: the registry's keys for `targets`, `snapshot` and `timestamp`.
        expires: an aware instant.

    Raises:
        RefusedError: fewer holders than must sign, or one who stands there twice.
    """
    ids = [key.keyid for key in holders]
    if not 1 <= threshold <= len(ids) or len(set(ids)) != len(ids):
        raise RefusedError(f"{threshold} of {len(set(ids))} different holders cannot sign")
    named = {Root.type: list(holders)} | {role: [key] for role, key in online.items()}
    roles = {
        role: Role([key.keyid for key in keys], threshold if role == Root.type else 1)
        for role, keys in named.items()
    }
    keys = {key.keyid: key for keys in named.values() for key in keys}
    assert set(online) == {Targets.type, Snapshot.type, Timestamp.type}
    return Metadata(Root(1, None, expires, keys, roles, consistent_snapshot=True))


def next_root(current: Metadata[Root], now: datetime, lifetimes: Lifetimes) -> Metadata[Root]:
    """A copy to change: the next version, with a new lifetime, unsigned."""
    following = Metadata[Root].from_bytes(current.to_bytes())
    following.signed.version += 1
    following.signed.expires = now + lifetimes.root
    following.signatures.clear()
    return following


def sign(root: Metadata[Root], *holders: Ed25519PrivateKey) -> None:
    """Add the holders' signatures to those that are there."""
    for key in holders:
        root.sign(signer(key), append=True)


def check(data: bytes, current: Metadata[Root] | None) -> Metadata[Root]:
    """The root these bytes are, if the holders of the current one and its own stand for it.

    Raises:
        RefusedError: unreadable, signed by too few, or not the version after the current one.
    """
    if len(data) > ROOT_BYTES_MAX:
        raise RefusedError(f"a root has at most {ROOT_BYTES_MAX} bytes")
    try:
        root = Metadata[Root].from_bytes(data)
        root.signed.verify_delegate(Root.type, root.signed_bytes, root.signatures)
        if current is not None:
            current.signed.verify_delegate(Root.type, root.signed_bytes, root.signatures)
    except (RepositoryError, DeserializationError, ValueError, AttributeError) as error:
        raise RefusedError(f"this root is not signed by those who must: {error}") from error
    expected = current.signed.version + 1 if current else 1
    if root.signed.version != expected:
        raise RefusedError(f"version {expected} of the root is due, not {root.signed.version}")
    return root
