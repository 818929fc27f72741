"""The root of trust: made and changed by people who come together with their keys, offline."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.errors import RefusedError
from securesystemslib.signer import Key
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Role, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from hyperpersonal_registry.trust.roles import Lifetimes, OnlineKeys, public, public_of, signer

ROOT_BYTES_MAX = 512_000
REVIEWERS = "x-hyperpersonal-reviewers"
"""Whom the root names as reviewers: public key (hex) -> name. A field of our own in what the
holders sign; TUF lets roots have such, and python-tuf keeps them."""
LOG = "x-hyperpersonal-log"
"""The key of the log in which hosts look for releases, as text."""
_KEY = re.compile(r"[0-9a-f]{64}")


def new_root(
    holders: Sequence[Key],
    threshold: int,
    online: dict[str, Key],
    expires: datetime,
    reviewers: Mapping[bytes, str] | None = None,
) -> Metadata[Root]:
    """The first root, unsigned.

    Args:
        holders: the keys of the people who stand for the root.
        threshold: how many of them must sign.
        online: the registry's keys for `targets`, `snapshot` and `timestamp`.
        expires: an aware instant.
        reviewers: public key (32 bytes) -> name.

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
    made = Metadata(Root(1, None, expires, keys, roles, consistent_snapshot=True))
    return named_in(made, reviewers or {})


def named_in(root: Metadata[Root], reviewers: Mapping[bytes, str]) -> Metadata[Root]:
    """The same draft, naming these reviewers (public key -> name) and no others."""
    named = {key.hex(): name for key, name in reviewers.items()}
    root.signed.unrecognized_fields[REVIEWERS] = dict(sorted(named.items()))
    return root


def reviewers_of(root: Root) -> dict[bytes, str]:
    """Whom a root names: public key (32 bytes) -> name. What is no key names nobody."""
    named = root.unrecognized_fields.get(REVIEWERS)
    if not isinstance(named, dict):
        return {}
    return {bytes.fromhex(key): str(name) for key, name in named.items() if _KEY.fullmatch(key)}


def next_root(current: Metadata[Root], now: datetime, lifetimes: Lifetimes) -> Metadata[Root]:
    """A copy to change: the next version, with a new lifetime, unsigned."""
    following = Metadata[Root].from_bytes(current.to_bytes())
    following.signed.version += 1
    following.signed.expires = now + lifetimes.root
    following.signatures.clear()
    return following


def changed_root(
    current: Metadata[Root], added: Sequence[bytes], removed: Sequence[str], now: datetime
) -> Metadata[Root]:
    """The next root with other holders, unsigned.

    Args:
        current: the one in force.
        added: public keys (32 bytes) of new holders.
        removed: TUF key ids of those who go.
        now: an aware instant.

    Raises:
        RefusedError: fewer holders than must sign would be left, or one is not there.
    """
    following = next_root(current, now, Lifetimes())
    role = following.signed.roles[Root.type]
    for key in added:
        following.signed.add_key(public(key), Root.type)
    if unknown := set(removed) - set(role.keyids):
        raise RefusedError(f"no holder has the key id {sorted(unknown)[0]}")
    for keyid in removed:
        following.signed.revoke_key(keyid, Root.type)
    if len(role.keyids) < role.threshold:
        raise RefusedError(f"{role.threshold} must sign, and {len(role.keyids)} would be left")
    return following


def rekeyed_root(
    current: Metadata[Root], role: str, keys: tuple[OnlineKeys, OnlineKeys], now: datetime
) -> Metadata[Root]:
    """The next root, in which one of the registry's own roles has a new key; unsigned.

    Args:
        current: the one in force.
        role: targets, snapshot, timestamp; for another one the root only moves on.
        keys: the registry's own before and after.
        now: an aware instant.
    """
    following = next_root(current, now, Lifetimes())
    if role in following.signed.roles:
        old, new = (public_of(getattr(one, role)) for one in keys)
        following.signed.revoke_key(old.keyid, role)
        following.signed.add_key(new, role)
    return following


def signed(data: bytes, holders: Sequence[Ed25519PrivateKey]) -> bytes:
    """A drafted root with these holders' signatures beside those it has.

    Raises:
        RefusedError: it is no root.
    """
    root = _parsed(data)
    sign(root, *holders)
    return root.to_bytes()


def told(data: bytes) -> list[str]:
    """What a drafted root says, in lines: for people to read before they sign it.

    Raises:
        RefusedError: it is no root.
    """
    root = _parsed(data).signed
    holders = root.roles[Root.type]
    named = reviewers_of(root)
    return [
        f"version {root.version}, believed until {root.expires:%Y-%m-%d}",
        f"{holders.threshold} of these holders change it: {', '.join(holders.keyids)}",
        f"log: {root.unrecognized_fields.get(LOG, 'none; hosts do not ask it')}",
        f"reviewers: {len(named) or 'nobody'}",
        *(f"  {name}: {key.hex()}" for key, name in named.items()),
    ]


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


def _parsed(data: bytes) -> Metadata[Root]:
    """A root, whoever signed it. Raises RefusedError."""
    try:
        return Metadata[Root].from_bytes(data[:ROOT_BYTES_MAX])
    except (DeserializationError, ValueError) as error:
        raise RefusedError(f"this is no root: {error}") from error
