"""Signed envelopes: a typed payload and Ed25519 signatures over both.

Rules:
1. The type is signed with the payload, so that nothing signed for one use serves another.
2. Reading an envelope proves nothing; only `signers` does, for keys its caller trusts.
3. Of all texts that mean the same bytes only the canonical one is taken.

Source: DSSE v1.0.2 (secure-systems-lab), protocol.md; RFC 8032 (Ed25519).
"""

import hashlib
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from typing import NoReturn

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from hyperpersonal_sdk.errors import UntrustedError

ENVELOPE_BYTES_MAX = 16 * 1024
SIGNATURES_MAX = 8


class Signature(Struct, frozen=True):
    """One signature of an envelope, base64; `keyid` is a hint which key to try."""

    keyid: str
    sig: str


class Envelope(Struct, frozen=True, rename={"payload_type": "payloadType"}):
    """A DSSE envelope, as it is stored and sent (JSON)."""

    payload: str
    payload_type: str
    signatures: list[Signature]

    @property
    def content(self) -> bytes:
        """The payload's bytes, unproven. Raises UntrustedError."""
        return _bytes(self.payload)


def key_id(public: bytes) -> str:
    """The name of a public key: the sha256 of its 32 bytes, in hex."""
    return hashlib.sha256(public).hexdigest()


def seal(payload_type: str, payload: bytes, *keys: Ed25519PrivateKey) -> bytes:
    """The envelope (JSON) of a payload, signed with each key."""
    signed = pre_authentication(payload_type, payload)
    signatures = [
        Signature(key_id(key.public_key().public_bytes_raw()), _base64(key.sign(signed)))
        for key in keys
    ]
    return msgspec.json.encode(Envelope(_base64(payload), payload_type, signatures))


def read(envelope: bytes, payload_type: str) -> Envelope:
    """The envelope these bytes are; says nothing about who stands for it.

    Raises:
        UntrustedError: `unsigned` or `bad_envelope`.
    """
    if not envelope:
        _refuse("unsigned", "there is no signature")
    if len(envelope) > ENVELOPE_BYTES_MAX:
        _refuse("bad_envelope", f"the envelope has more than {ENVELOPE_BYTES_MAX} bytes")
    try:
        found = msgspec.json.decode(envelope, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UntrustedError("bad_envelope", f"the envelope cannot be read: {error}") from error
    if found.payload_type != payload_type:
        _refuse("bad_envelope", f"it is signed as {found.payload_type!r}, not {payload_type!r}")
    if not found.signatures:
        _refuse("unsigned", "the envelope has no signature")
    if len(found.signatures) > SIGNATURES_MAX:
        _refuse("bad_envelope", f"the envelope has more than {SIGNATURES_MAX} signatures")
    return found


def signers(envelope: Envelope, publics: Iterable[bytes]) -> frozenset[bytes]:
    """Which of these public keys (32 bytes each) stand for the envelope; at least one.

    Raises:
        UntrustedError: `unknown_key` when none of them is even named, `altered_statement` when
            none of those that are has signed this.
    """
    hinted = {signature.keyid: signature for signature in envelope.signatures}
    known = [public for public in publics if key_id(public) in hinted]
    if not known:
        _refuse("unknown_key", f"signed by {', '.join(k[:16] for k in hinted)}: no key of ours")
    signed = pre_authentication(envelope.payload_type, envelope.content)
    good = frozenset(key for key in known if _is_signed(key, hinted[key_id(key)], signed))
    if not good:
        _refuse("altered_statement", "the signature is not of this statement")
    return good


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """What is really signed: type and payload with their lengths."""
    name = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def _is_signed(public: bytes, signature: Signature, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(_bytes(signature.sig), signed)
    except InvalidSignature:
        return False
    return True


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError) as error:
        raise UntrustedError("bad_envelope", f"not base64: {error}") from error
    if _base64(data) != text:
        _refuse("bad_envelope", "not the canonical base64")
    return data


def _refuse(code: str, message: str) -> NoReturn:
    raise UntrustedError(code, message)
