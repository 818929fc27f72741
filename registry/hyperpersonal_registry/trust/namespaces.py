"""What the registry makes of the metadata that publishers sign on their machines.

The publisher's half (`with_release`, `sign`) is the SDK's: an author needs no server.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_sdk.namespace_metadata import (
    release_path,
    sign,
    with_release,
)
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, TargetFile, Targets
from tuf.api.serialization import DeserializationError

from hyperpersonal_registry.trust.roles import HOUSE_ROLES

__all__ = ["added", "check", "release_path", "sign", "with_release"]

NAMESPACE_BYTES_MAX = 5_000_000
EXPIRES_DAYS_MAX = 400


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
    if name in HOUSE_ROLES:
        raise RefusedError(f"{name!r} is the registry's own: nobody hands it in")
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
