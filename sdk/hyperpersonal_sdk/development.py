"""Releases under development: signed by a key of the author's machine, no releases to others.

The envelope has a type of its own, so that no registry and no host takes it for a publisher's
signature; only a demo's door for development reads it.
"""

from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hyperpersonal_sdk import dsse, hpx, key_files, signing
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.signing import Statement

PAYLOAD_TYPE = "application/vnd.hyperpersonal.development.v1+json"
KEY_FILE = "development.key"


def key_in(folder: Path) -> Ed25519PrivateKey:
    """The machine's key for development; made at its first use. Raises KeyFileError."""
    path = folder / KEY_FILE
    return key_files.load_key(path) if path.exists() else key_files.make_key(path)


def sign(archive: hpx.Archive, key: Ed25519PrivateKey) -> bytes:
    """The envelope of an archive under development."""
    payload = msgspec.json.encode(signing.statement_of(archive), order="sorted")
    return dsse.seal(PAYLOAD_TYPE, payload, key)


def verify(envelope: bytes, artifact: bytes, public: bytes) -> hpx.Archive:
    """The archive, if this key signed these very bytes as under development.

    Raises:
        UntrustedError: unsigned, bad_envelope, unknown_key or altered.
        ArchiveError: the archive is not even one.
    """
    found = dsse.read(envelope, PAYLOAD_TYPE)
    dsse.signers(found, [public])
    archive = hpx.unpack(artifact)
    if _statement(found.content) != signing.statement_of(archive):
        raise UntrustedError("altered", "the archive is another than was signed")
    return archive


def _statement(payload: bytes) -> Any:
    try:
        return msgspec.json.decode(payload, type=Statement)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UntrustedError("bad_envelope", f"the statement cannot be read: {error}") from error
