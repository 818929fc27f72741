"""Who stands for a release: Ed25519 signatures in DSSE envelopes, and their verification.

Rules:
1. The signed statement names the plugin, the version, the archive's digest and the hash of the
   permissions asked, so neither bytes nor names nor rights can change under a signature.
2. `verify` is pure: envelope, archive, keys and an instant in; a trusted release or an
   UntrustedError with its reason out. No disk, no network, no clock.
3. A key speaks for one namespace and for a time. Nothing but a key given by the caller is trusted.
4. Bad data is UntrustedError; a wrong call (a naive instant) is CallerBugError.

Source: DSSE v1.0.2 (secure-systems-lab), RFC 8032 (Ed25519).
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import NoReturn

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from hyperpersonal_sdk import dsse, hpx
from hyperpersonal_sdk.dsse import key_id
from hyperpersonal_sdk.errors import CallerBugError, CapabilityError, ManifestError, UntrustedError
from hyperpersonal_sdk.manifest import Manifest

PAYLOAD_TYPE = "application/vnd.hyperpersonal.release.v1+json"


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """What a signature says: this plugin in this version is this digest and asks these rights."""

    id: str
    version: str
    digest: str
    permissions: str


class TrustedKey(Struct, frozen=True):
    """A key the verifier's owner trusts: `public` (32 bytes) speaks for `namespace` from
    `valid_from` until before `expires_at`."""

    public: bytes
    namespace: str
    valid_from: datetime
    expires_at: datetime

    @property
    def key_id(self) -> str:
        """The id of the public key."""
        return key_id(self.public)


class TrustedRelease(Struct, frozen=True):
    """A release all of which was verified."""

    statement: Statement
    archive: hpx.Archive
    manifest: Manifest
    key_id: str


def permission_hash(manifest: Manifest) -> str:
    """`sha256:<hex>` of what the manifest asks, required and optional, in canonical form."""
    asked = [manifest.required.texts, manifest.asked.texts]
    return f"sha256:{hashlib.sha256(msgspec.json.encode(asked)).hexdigest()}"


def statement_of(archive: hpx.Archive) -> Statement:
    """The statement that fits an archive."""
    manifest = archive.manifest
    return Statement(manifest.id, manifest.version, archive.digest, permission_hash(manifest))


def sign(statement: Statement, *keys: Ed25519PrivateKey) -> bytes:
    """The envelope (JSON) of a statement, signed with each key."""
    payload = msgspec.json.encode(statement, order="sorted")
    return dsse.seal(PAYLOAD_TYPE, payload, *keys)


def verify(
    envelope: bytes, archive: bytes, keys: Iterable[TrustedKey], now: datetime
) -> TrustedRelease:
    """The release these bytes are, if one of the keys stands for it at `now`.

    Args:
        envelope: DSSE JSON; empty when there is none.
        archive: the bytes of the `.hpx`.
        keys: those the caller trusts.
        now: an aware instant.

    Raises:
        UntrustedError: `code` is unsigned, bad_envelope, unknown_key, altered_statement, not_yet,
            expired_key, wrong_namespace, altered, bad_manifest, wrong_name or
            wrong_permissions.
        ArchiveError: the archive is not even one.
        CallerBugError: `now` is naive.
    """
    statement, key = verify_statement(envelope, keys, now)
    unpacked = hpx.unpack(archive)
    if unpacked.digest != statement.digest:
        _refuse("altered", f"the archive is {unpacked.digest}, signed was {statement.digest}")
    manifest = _manifest(unpacked)
    if (manifest.id, manifest.version) != (statement.id, statement.version):
        named = f"{manifest.id} {manifest.version}"
        _refuse("wrong_name", f"the manifest says {named}, signed was {_name(statement)}")
    if permission_hash(manifest) != statement.permissions:
        _refuse("wrong_permissions", f"{_name(statement)} asks other rights than were signed")
    return TrustedRelease(statement, unpacked, manifest, key.key_id)


def verify_statement(
    envelope: bytes, keys: Iterable[TrustedKey], now: datetime
) -> tuple[Statement, TrustedKey]:
    """What an envelope says and the key that stands for it; says nothing about any archive.

    Raises: as `verify`.
    """
    if now.tzinfo is None:
        raise CallerBugError("`now` must be an aware instant")
    found = dsse.read(envelope, PAYLOAD_TYPE)
    key = _signer(found, keys)
    if not key.valid_from <= now < key.expires_at:
        code = "not_yet" if now < key.valid_from else "expired_key"
        _refuse(code, f"key {key.key_id[:16]} is valid {key.valid_from} to {key.expires_at}")
    statement = _statement(found.content)
    if statement.id.partition("/")[0] != key.namespace:
        owner = f"key {key.key_id[:16]} speaks for {key.namespace!r}"
        _refuse("wrong_namespace", f"{owner}, not for {statement.id!r}")
    return statement, key


def claimed(envelope: bytes) -> Statement:
    """What an envelope claims, unproven: only good for looking up whose keys to verify it with.

    Raises:
        UntrustedError: it is not even an envelope of a statement.
    """
    return _statement(dsse.read(envelope, PAYLOAD_TYPE).content)


def _signer(envelope: dsse.Envelope, keys: Iterable[TrustedKey]) -> TrustedKey:
    """The trusted key with a right signature; the one valid longest, if several."""
    known = list(keys)
    good = dsse.signers(envelope, [key.public for key in known])
    return max((key for key in known if key.public in good), key=lambda key: key.expires_at)


def _statement(payload: bytes) -> Statement:
    try:
        return msgspec.json.decode(payload, type=Statement)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UntrustedError("bad_envelope", f"the statement cannot be read: {error}") from error


def _manifest(archive: hpx.Archive) -> Manifest:
    try:
        manifest = archive.manifest
        manifest.asked  # noqa: B018  # its capabilities can be read
    except (ManifestError, CapabilityError, UnicodeDecodeError) as error:
        raise UntrustedError("bad_manifest", f"the manifest cannot be read: {error}") from error
    return manifest


def _name(statement: Statement) -> str:
    return f"{statement.id} {statement.version}"


def _refuse(code: str, message: str) -> NoReturn:
    raise UntrustedError(code, message)
