"""Publisher keys on disk: the private one readable by its owner only, the public one beside it."""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hyperpersonal_sdk.errors import BadInputError

KEY_BYTES_MAX = 4_096
OWNER_ONLY = 0o600


class KeyFileError(BadInputError):
    """A key file cannot be used; the message says what to do."""

    code = "bad_key_file"


def make_key(path: Path) -> Ed25519PrivateKey:
    """A new key at `path` (mode 0600 from the first byte on) and its public half at `path.pub`.

    Raises:
        KeyFileError: there is a file already; a key is never written over.
    """
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError:
        raise KeyFileError(f"{path} exists already; a key is never written over") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public_path(path).write_text(public_text(key) + "\n")
    return key


def load_key(path: Path) -> Ed25519PrivateKey:
    """The private key at `path`.

    Raises:
        KeyFileError: missing, open to others, or no Ed25519 key.
    """
    if not path.is_file():
        raise KeyFileError(f"there is no key at {path}; make one with `hp plugin keys new`")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyFileError(f"{path} can be read by others; run: chmod 600 {path}")
    try:
        key = load_pem_private_key(path.read_bytes()[:KEY_BYTES_MAX], password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"{path} is no private key: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} is no Ed25519 key")
    return key


def public_path(path: Path) -> Path:
    """Where the public half of the key at `path` is."""
    return path.with_name(path.name + ".pub")


def public_text(key: Ed25519PrivateKey) -> str:
    """The public key as it is told to a registry: 64 hex digits."""
    return key.public_key().public_bytes_raw().hex()
