"""`bundle.lock`: the very releases that were chosen, signed, so that the same come everywhere.

Rules:
1. A lock names digests and permission hashes, the text it was made of, and the hash of all that
   the solver was given: whoever repeats the choice sees whether it was another one.
2. It is signed by the tenant that made it, or, in a published bundle, by its publisher.
3. `verify` takes exactly the bytes `sign` wrote: any other byte is refused.
"""

import hashlib
from collections.abc import Iterable

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_sdk import dsse
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.signing import permission_hash
from msgspec import Struct

from hyperpersonal_marketplace.bundles.shelf import Offered
from hyperpersonal_marketplace.bundles.solver import Option, Wishes

PAYLOAD_TYPE = "application/vnd.hyperpersonal.bundle-lock.v1+json"
LOCK_BYTES_MAX = 128 * 1024


class Locked(Struct, frozen=True, forbid_unknown_fields=True):
    """One release."""

    id: str
    version: str
    digest: str
    permissions: str


class Lock(Struct, frozen=True, forbid_unknown_fields=True):
    """What was chosen for which text; `inputs`: hash of what there was to choose from."""

    bundle: str
    plugins: tuple[Locked, ...]
    inputs: str


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    lock: Lock
    signed: dsse.Envelope


def lock_of(source: str, chosen: Iterable[Offered], given: tuple[Wishes, Iterable[Option]]) -> Lock:
    """The lock of a choice."""
    plugins = (
        Locked(one.plugin_id, one.version, one.digest, permission_hash(one.manifest))
        for one in chosen
    )
    return Lock(text_hash(source), tuple(plugins), inputs_hash(*given))


def text_hash(source: str) -> str:
    """`sha256:<hex>` of a `bundle.toml`."""
    return _hash(source.encode())


def inputs_hash(wishes: Wishes, options: Iterable[Option]) -> str:
    """`sha256:<hex>` of everything the choice depends on, in canonical form."""
    limits = (
        None if wishes.ceiling is None else wishes.ceiling.texts, wishes.price_max, wishes.currency,
        sorted(wishes.installed), sorted(wishes.present), wishes.interfaces,
    )  # fmt: skip
    wanted = [(plugin_id, wanted.text) for plugin_id, wanted in wishes.plugins.items()]
    there = sorted(
        (o.plugin_id, o.version, o.digest, sorted(o.serves), sorted(o.uses), o.asks.texts, o.price)
        for o in options
    )
    return _hash(msgspec.json.encode([wanted, limits, there]))


def sign(lock: Lock, key: Ed25519PrivateKey) -> bytes:
    """The file's bytes."""
    payload = msgspec.json.encode(_hash(msgspec.json.encode(lock)))
    envelope = msgspec.json.decode(dsse.seal(PAYLOAD_TYPE, payload, key), type=dsse.Envelope)
    return msgspec.json.encode(_File(lock, envelope))


def sign_again(data: bytes, source: str, key: Ed25519PrivateKey) -> bytes:
    """Let another key stand for a lock of one's own text: who publishes it.

    Raises:
        UntrustedError: `bad_lock` or `other_bundle`.
    """
    file = _read(data)
    if file.lock.bundle != text_hash(source):
        raise UntrustedError("other_bundle", "the bundle was changed after it was locked")
    return sign(file.lock, key)


def verify(data: bytes, publics: Iterable[bytes], source: str | None = None) -> Lock:
    """The lock these bytes are, if one of the keys (32 bytes each) stands for it.

    Args:
        data: the file's bytes.
        publics: keys the caller trusts.
        source: the `bundle.toml` it must belong to; None: whichever.

    Raises:
        UntrustedError: `bad_lock`, `other_bundle`, or a code of `dsse.signers`.
    """
    file = _read(data)
    envelope = dsse.read(msgspec.json.encode(file.signed), PAYLOAD_TYPE)
    dsse.signers(envelope, publics)
    if envelope.content != msgspec.json.encode(_hash(msgspec.json.encode(file.lock))):
        raise UntrustedError("bad_lock", "the signature is of another lock")
    if source is not None and file.lock.bundle != text_hash(source):
        raise UntrustedError("other_bundle", "the bundle was changed after it was locked")
    return file.lock


def names(data: bytes, public: bytes) -> bool:
    """Whether a verified lock is signed by this key."""
    envelope = dsse.read(msgspec.json.encode(_read(data).signed), PAYLOAD_TYPE)
    return dsse.key_id(public) in {one.keyid for one in envelope.signatures}


def _read(data: bytes) -> _File:
    if len(data) > LOCK_BYTES_MAX:
        raise UntrustedError("bad_lock", f"a lock has at most {LOCK_BYTES_MAX} bytes")
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UntrustedError("bad_lock", f"this is no lock: {error}") from error
    if msgspec.json.encode(file) != data:
        raise UntrustedError("bad_lock", "the lock is not written in the one canonical way")
    return file


def _hash(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
