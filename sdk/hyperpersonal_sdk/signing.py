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
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from datetime import datetime
from typing import NoReturn

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.errors import CallerBugError, CapabilityError, ManifestError, UntrustedError
from hyperpersonal_sdk.manifest import Manifest

PAYLOAD_TYPE = "application/vnd.hyperpersonal.release.v1+json"
ENVELOPE_BYTES_MAX = 16 * 1024
SIGNATURES_MAX = 8


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """What a signature says: this plugin in this version is this digest and asks these rights."""

    id: str
    version: str
    digest: str
    permissions: str


class Signature(Struct, frozen=True):
    """One signature of an envelope, base64; `keyid` is a hint which key to try."""

    keyid: str
    sig: str


class Envelope(Struct, frozen=True, rename={"payload_type": "payloadType"}):
    """A DSSE envelope, as it is stored and sent (JSON)."""

    payload: str
    payload_type: str
    signatures: list[Signature]


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


def key_id(public: bytes) -> str:
    """The name of a public key: the sha256 of its 32 bytes, in hex."""
    return hashlib.sha256(public).hexdigest()


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
    signed = _pre_authentication(payload)
    signatures = [
        Signature(key_id(key.public_key().public_bytes_raw()), _base64(key.sign(signed)))
        for key in keys
    ]
    return msgspec.json.encode(Envelope(_base64(payload), PAYLOAD_TYPE, signatures))


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
    decoded = _decode(envelope)
    payload = _payload(decoded)
    key = _signer(decoded, payload, keys)
    if not key.valid_from <= now < key.expires_at:
        code = "not_yet" if now < key.valid_from else "expired_key"
        _refuse(code, f"key {key.key_id[:16]} is valid {key.valid_from} to {key.expires_at}")
    statement = _statement(payload)
    if statement.id.partition("/")[0] != key.namespace:
        owner = f"key {key.key_id[:16]} speaks for {key.namespace!r}"
        _refuse("wrong_namespace", f"{owner}, not for {statement.id!r}")
    return statement, key


def claimed(envelope: bytes) -> Statement:
    """What an envelope claims, unproven: only good for looking up whose keys to verify it with.

    Raises:
        UntrustedError: it is not even an envelope of a statement.
    """
    return _statement(_payload(_decode(envelope)))


def _decode(envelope: bytes) -> Envelope:
    if not envelope:
        _refuse("unsigned", "there is no signature")
    if len(envelope) > ENVELOPE_BYTES_MAX:
        _refuse("bad_envelope", f"the envelope has more than {ENVELOPE_BYTES_MAX} bytes")
    try:
        decoded = msgspec.json.decode(envelope, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UntrustedError("bad_envelope", f"the envelope cannot be read: {error}") from error
    if decoded.payload_type != PAYLOAD_TYPE:
        _refuse("bad_envelope", f"it is signed as {decoded.payload_type!r}, not {PAYLOAD_TYPE!r}")
    if not decoded.signatures:
        _refuse("unsigned", "the envelope has no signature")
    if len(decoded.signatures) > SIGNATURES_MAX:
        _refuse("bad_envelope", f"the envelope has more than {SIGNATURES_MAX} signatures")
    return decoded


def _signer(envelope: Envelope, payload: bytes, keys: Iterable[TrustedKey]) -> TrustedKey:
    """The first trusted key with a right signature; the one valid longest, if several."""
    hinted = {signature.keyid: signature for signature in envelope.signatures}
    known = [key for key in keys if key.key_id in hinted]
    if not known:
        _refuse("unknown_key", f"signed by {', '.join(k[:16] for k in hinted)}: no key of ours")
    signed = _pre_authentication(payload)
    good = [key for key in known if _is_signed(key, hinted[key.key_id], signed)]
    if not good:
        _refuse("altered_statement", "the signature is not of this statement")
    return max(good, key=lambda key: key.expires_at)


def _is_signed(key: TrustedKey, signature: Signature, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(_bytes(signature.sig), signed)
    except InvalidSignature:
        return False
    return True


def _statement(payload: bytes) -> Statement:
    try:
        return msgspec.json.decode(payload, type=Statement)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UntrustedError("bad_envelope", f"the statement cannot be read: {error}") from error


def _payload(envelope: Envelope) -> bytes:
    return _bytes(envelope.payload)


def _manifest(archive: hpx.Archive) -> Manifest:
    try:
        manifest = archive.manifest
        manifest.asked  # noqa: B018  # its capabilities can be read
    except (ManifestError, CapabilityError, UnicodeDecodeError) as error:
        raise UntrustedError("bad_manifest", f"the manifest cannot be read: {error}") from error
    return manifest


def _pre_authentication(payload: bytes) -> bytes:
    """What is really signed: type and payload with their lengths. Source: DSSE, protocol.md."""
    return b"DSSEv1 %d %s %d %s" % (
        len(PAYLOAD_TYPE),
        PAYLOAD_TYPE.encode(),
        len(payload),
        payload,
    )


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _bytes(text: str) -> bytes:
    """The bytes of a base64 text; of all texts that mean the same bytes only one is taken."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError) as error:
        raise UntrustedError("bad_envelope", f"not base64: {error}") from error
    if _base64(data) != text:
        _refuse("bad_envelope", "not the canonical base64")
    return data


def _name(statement: Statement) -> str:
    return f"{statement.id} {statement.version}"


def _refuse(code: str, message: str) -> NoReturn:
    raise UntrustedError(code, message)
