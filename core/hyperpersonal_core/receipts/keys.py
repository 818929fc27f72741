"""The keys this host signs receipts with, in a file as the master keys are."""

import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hyperpersonal_core.kit.key_file import KeyFile


class ReceiptKeys:
    """The newest signs; the public halves of all of them are what a verifier is given.

    Raises:
        RefusedError: others can read the file.
    """

    def __init__(self, path: Path) -> None:
        self._file = KeyFile(path)
        self._read()

    @property
    def newest(self) -> tuple[str, Ed25519PrivateKey]:
        """The key that signs, with its id; another process may have rotated."""
        if self._file.path.stat().st_mtime_ns != self._read_at:
            self._read()
        return next(reversed(self._keys.items()))

    @property
    def public(self) -> dict[str, bytes]:
        """The public keys by id, the oldest first."""
        return {name: key.public_key().public_bytes_raw() for name, key in self._keys.items()}

    def rotate(self) -> str:
        """The id of a new key that signs from now on."""
        self._file.add()
        self._read()
        return self.newest[0]

    def _read(self) -> None:
        self._read_at = self._file.path.stat().st_mtime_ns
        keys = [Ed25519PrivateKey.from_private_bytes(raw) for raw in self._file.read()]
        self._keys = {_id(key): key for key in keys}


def _id(key: Ed25519PrivateKey) -> str:
    return hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()
