"""Going on with metadata that was kept: only with what the registry's own keys signed.

Whoever could change the kept files would else have the registry sign its change.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.errors import OutsideError
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from hyperpersonal_registry.trust.roles import (
    WITHDRAWN,
    Lifetimes,
    OnlineKeys,
    is_own,
    public_of,
)

Read = Callable[[str], bytes | None]
ROOTS_MAX = 1_000


class KeptFileError(OutsideError):
    """A kept metadata file is missing or was changed: somebody must look before anything is
    signed again."""


class Kept:
    """Reads metadata by name and checks who signed it."""

    def __init__(self, read: Read, keys: OnlineKeys) -> None:
        self._read = read
        self._keys = keys

    def timestamp(self) -> Metadata[Timestamp]:
        return self._own("timestamp.json", self._keys.timestamp)

    def snapshot(self, timestamp: Timestamp) -> tuple[Metadata[Snapshot], bytes]:
        """The newest snapshot, and its bytes."""
        name = f"{timestamp.snapshot_meta.version}.snapshot.json"
        return self._own(name, self._keys.snapshot), self._bytes(name)

    def targets(self, version: int) -> Metadata[Targets]:
        return self._own(f"{version}.targets.json", self._keys.targets)

    def root(self) -> Metadata[Root]:
        """The newest root there is."""
        found = None
        for version in range(1, ROOTS_MAX):
            data = self._read(f"{version}.root.json")
            if data is None:
                break
            found = data
        if found is None:
            raise KeptFileError("there is no root")
        return Metadata[Root].from_bytes(found)

    def role(self, name: str) -> Metadata[Targets]:
        """What a publisher signed: checked by the hosts, not signed here again; but for what is
        ours."""
        said = name.partition(".")[2].removesuffix(".json")
        if is_own(said):
            key = self._keys.withdrawn if said == WITHDRAWN else self._keys.targets
            return self._own(name, key)
        return _parsed(name, self._bytes(name))

    def _own(self, name: str, key: Ed25519PrivateKey) -> Metadata[Any]:
        found, public = _parsed(name, self._bytes(name)), public_of(key)
        signature = found.signatures.get(public.keyid)
        if signature is None:
            raise KeptFileError(
                f"{name} is not signed by this registry's key; where reviewers signed it, the "
                "metadata is from before roots named them: hold `hp registry init` anew, over an "
                "empty registry.tuf_files and without the old pin in trust/"
            )
        try:
            public.verify_signature(signature, found.signed_bytes)
        except (UnverifiedSignatureError, VerificationError) as error:
            raise KeptFileError(f"{name} was changed after it was signed") from error
        return found

    def _bytes(self, name: str) -> bytes:
        data = self._read(name)
        if data is None:
            raise KeptFileError(f"{name} is missing")
        return data


def due(parts: Mapping[str, Metadata[Any]], lifetimes: Lifetimes, now: datetime) -> list[str]:
    """Of these parts, those whose last third of life has begun."""
    lasts = {"timestamp": lifetimes.timestamp, "snapshot": lifetimes.snapshot}
    return [
        name
        for name, part in parts.items()
        if part.signed.expires - now < lasts.get(name, lifetimes.targets) / 3
    ]


def _parsed(name: str, data: bytes) -> Metadata[Any]:
    try:
        return Metadata[Any].from_bytes(data)
    except (RepositoryError, DeserializationError, ValueError, AttributeError) as error:
        raise KeptFileError(f"{name} cannot be read: {error}") from error
