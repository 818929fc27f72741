"""A publisher's own metadata: which releases stand under its name. Signed on its own machine."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_sdk import hpx, signing
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, TargetFile, Targets
from tuf.api.serialization import DeserializationError

from hyperpersonal_registry.trust.roles import REVIEWS, signer

NAMESPACE_BYTES_MAX = 5_000_000
EXPIRES_DAYS_MAX = 400


def release_path(plugin_id: str, version: str) -> str:
    """Under which target path a release stands."""
    return f"{plugin_id}@{version}.hpx"


def with_release(
    current: Metadata[Targets] | None, archive: bytes, expires: datetime
) -> Metadata[Targets]:
    """The namespace's next metadata with one release more, unsigned."""
    following = _next(current, expires)
    unpacked = hpx.unpack(archive)
    path = release_path(unpacked.manifest.id, unpacked.manifest.version)
    custom = {"custom": {"digest": unpacked.digest}}
    hashes = {"sha256": hashlib.sha256(archive).hexdigest()}
    following.signed.targets[path] = TargetFile(len(archive), hashes, path, custom)
    return following


def with_review(
    current: Metadata[Targets] | None, archive: bytes, report: str, expires: datetime
) -> Metadata[Targets]:
    """The reviewers' next metadata with one archive more, unsigned. `report` is the digest of
    what the review rests on."""
    following = _next(current, expires)
    digest = hashlib.sha256(archive).hexdigest()
    path = f"{REVIEWS}/{digest}"
    rights = signing.permission_hash(hpx.unpack(archive).manifest)
    custom = {"custom": {"permissions": rights, "report": report}}
    following.signed.targets[path] = TargetFile(len(archive), {"sha256": digest}, path, custom)
    return following


def sign(metadata: Metadata[Targets], *keys: Ed25519PrivateKey) -> bytes:
    """Signed bytes, as they are handed in."""
    for key in keys:
        metadata.sign(signer(key), append=True)
    return metadata.to_bytes()


def check(
    data: bytes,
    name: str,
    platform: Metadata[Targets],
    known: tuple[Metadata[Targets] | None, datetime],
) -> Metadata[Targets]:
    """The next metadata of namespace `name`, if its keys stand for it and nothing was taken back.

    Args:
        data: what the publisher handed in.
        name: the namespace.
        platform: the top-level targets, which say whose keys speak for the name.
        known: the namespace's current metadata, and now.

    Raises:
        RefusedError: with the reason and what to do.
    """
    current, now = known
    if len(data) > NAMESPACE_BYTES_MAX:
        raise RefusedError(f"a namespace's metadata has at most {NAMESPACE_BYTES_MAX} bytes")
    try:
        found = Metadata[Targets].from_bytes(data)
        platform.signed.verify_delegate(name, found.signed_bytes, found.signatures)
    except (RepositoryError, DeserializationError, ValueError, AttributeError) as error:
        raise RefusedError(f"the keys of {name!r} do not stand for this: {error}") from error
    _check_next(found.signed, current.signed if current else None, now)
    strangers = [path for path in found.signed.targets if not path.startswith(f"{name}/")]
    if strangers or found.signed.delegations is not None:
        raise RefusedError(f"a namespace names its own releases only, not {strangers[:3]}")
    return found


def added(found: Metadata[Targets], current: Metadata[Targets] | None) -> Sequence[TargetFile]:
    """The releases that are new."""
    before = current.signed.targets if current else {}
    return [target for path, target in found.signed.targets.items() if path not in before]


def _check_next(found: Targets, current: Targets | None, now: datetime) -> None:
    due = current.version + 1 if current else 1
    if found.version != due:
        raise RefusedError(
            f"version {due} is due, not {found.version}: fetch the newest, add yours"
        )
    if not now < found.expires <= now + timedelta(days=EXPIRES_DAYS_MAX):
        raise RefusedError(f"it must expire within {EXPIRES_DAYS_MAX} days")
    for path, target in (current.targets if current else {}).items():
        if found.targets.get(path) != target:
            raise RefusedError(f"{path} is published and closed; it can be yanked, not changed")


def _next(current: Metadata[Targets] | None, expires: datetime) -> Metadata[Targets]:
    if current is None:
        return Metadata(Targets(1, None, expires, {}))
    following: Metadata[Any] = Metadata[Targets].from_bytes(current.to_bytes())
    following.signed.version += 1
    following.signed.expires = expires
    following.signatures.clear()
    return following
