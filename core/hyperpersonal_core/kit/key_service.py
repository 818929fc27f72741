"""Who wraps the tenants' keys: a port, and the local one, whose master keys are a file.

An operator with a key management service (AWS KMS, Vault, an HSM) replaces it by the host hook
`key_service`. Wrapping happens once for each new key of a tenant, unwrapping once a process and
key, so a slow service costs no turn anything.
"""

import base64
import fcntl
import hashlib
import os
import stat
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.xaes import KEY_BYTES, NotOpenedError, Xaes

OWNER_ONLY = 0o600
FOR_OTHERS = 0o037  # a group may read it: that is how secrets are mounted into containers
MASTERS_MAX = 1_000


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
    """Master keys in a file: one a line, the newest last, readable by its owner only.

    Args:
        path: made at the first start when it is missing.

    Raises:
        RefusedError: others can read the file, or it holds no keys.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.exists():
            self._write([os.urandom(KEY_BYTES)], fresh=True)
        self._masters = self._read()

    async def wrap(self, key: bytes, context: bytes) -> Wrapped:
        master_id = next(reversed(self._masters))
        return Wrapped(master_id, self._masters[master_id].seal(key, context))

    async def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        if wrapped.master_id not in self._masters:
            self._masters = self._read()  # another process may have rotated
        master = self._masters.get(wrapped.master_id)
        if master is None:
            words = f"the master key {wrapped.master_id} is not in {self._path}: bring it back"
            raise OutsideError(words, retryable=False)
        try:
            return master.open(wrapped.data, context)
        except NotOpenedError:
            raise RefusedError("a wrapped key was altered, or is another tenant's") from None

    async def rotate(self) -> str:
        """A new master at the end of the file; the old ones stay, they still unwrap."""
        with (self._path.parent / f"{self._path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._write([*self._keys(), os.urandom(KEY_BYTES)])
        self._masters = self._read()
        return next(reversed(self._masters))

    def _read(self) -> dict[str, Xaes]:
        return {_id(key): Xaes(key) for key in self._keys()}

    def _keys(self) -> list[bytes]:
        if stat.S_IMODE(self._path.stat().st_mode) & FOR_OTHERS:
            words = f"{self._path} can be read by others; run: chmod 600 {self._path}"
            raise RefusedError(words)
        lines = self._path.read_text().split()
        try:
            keys = [base64.b64decode(line, validate=True) for line in lines]
        except ValueError:
            keys = []
        if not 1 <= len(keys) <= MASTERS_MAX or {len(key) for key in keys} != {KEY_BYTES}:
            raise RefusedError(f"{self._path} holds no master keys (one base64 line for each)")
        return keys

    def _write(self, keys: list[bytes], *, fresh: bool = False) -> None:
        """All of it or nothing. Of processes that make a fresh file at once, one wins."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        made = self._path.with_suffix(f".{os.getpid()}-{os.urandom(4).hex()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(made, flags, OWNER_ONLY), "wb") as file:
            file.write(b"".join(base64.b64encode(key) + b"\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(made, self._path) if fresh else made.replace(self._path)
        except FileExistsError:
            pass
        finally:
            made.unlink(missing_ok=True)


def _id(key: bytes) -> str:
    """A master's name says nothing of it: 64 bits of a hash of 256 random ones."""
    return hashlib.sha256(b"hyperpersonal master key" + key).hexdigest()[:16]
