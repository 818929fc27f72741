"""Who wraps the tenants' keys: a port, and the local one, whose master keys are a file.

An operator with a key management service (AWS KMS, Vault, an HSM) replaces it by the host hook
`key_service`. Wrapping happens once for each new key of a tenant, unwrapping once a process and
key, so a slow service costs no turn anything.
"""

import hashlib
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.key_file import KeyFile
from hyperpersonal_core.kit.xaes import NotOpenedError, Xaes


class Wrapped(Struct, frozen=True):
    """A key that only its service can read. `master_id`: under which of its keys."""

    master_id: str
    data: bytes


class KeyService(Protocol):
    """Wraps and unwraps keys of 32 bytes. `context` must be the same both times."""

    async def wrap(self, key: bytes, context: bytes) -> Wrapped: ...

    async def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """Raises RefusedError (altered, other context) or OutsideError (no such master, away)."""
        ...

    async def rotate(self) -> str:
        """The id of a new master under which keys are wrapped from now on."""
        ...


class LocalKeys:
    """Master keys in a file: the newest wraps, older ones still unwrap.

    Raises:
        RefusedError: others can read the file, or it holds no keys.
    """

    def __init__(self, path: Path) -> None:
        self._file = KeyFile(path)
        self._masters = self._read()

    async def wrap(self, key: bytes, context: bytes) -> Wrapped:
        master_id = next(reversed(self._masters))
        return Wrapped(master_id, self._masters[master_id].seal(key, context))

    async def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        if wrapped.master_id not in self._masters:
            self._masters = self._read()  # another process may have rotated
        master = self._masters.get(wrapped.master_id)
        if master is None:
            words = f"the master key {wrapped.master_id} is not in {self._file.path}: bring it back"
            raise OutsideError(words, retryable=False)
        try:
            return master.open(wrapped.data, context)
        except NotOpenedError:
            raise RefusedError("a wrapped key was altered, or is another tenant's") from None

    async def rotate(self) -> str:
        """A new master at the end of the file; the old ones stay."""
        self._file.add()
        self._masters = self._read()
        return next(reversed(self._masters))

    def _read(self) -> dict[str, Xaes]:
        return {_id(key): Xaes(key) for key in self._file.read()}


def _id(key: bytes) -> str:
    """A master's name says nothing of it: 64 bits of a hash of 256 random ones."""
    return hashlib.sha256(b"hyperpersonal master key" + key).hexdigest()[:16]
