"""Who signs what, for how long, and how many must.

root       offline keys, several of which must sign: says whose the other keys are, and who reviews
targets    the platform: which keys speak for which namespace; who withdraws
<name>     a publisher, for its own namespace: its releases, `<name>/<plugin>@<version>.hpx`
reviews    the platform carries what reviewers signed: `reviews/<sha256>` of what they let pass, in
           256 bins by hash. It is believed for nothing: each word in it is a reviewer's or none
withdrawn  the platform: `withdrawn/<sha256>` of every release nobody may load any more, and of
           every reviewer's key that counts no more
snapshot   the registry: one version of each of the above, so that they belong together
timestamp  the registry: the newest snapshot, for a short time: old news end by themselves
Source: The Update Framework specification 1.0, sections 2.1 and 4.
"""

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct
from securesystemslib.signer import CryptoSigner, Key, SSlibKey
from tuf.api.metadata import SuccinctRoles

REVIEWS = "reviews"
WITHDRAWN = "withdrawn"
HOUSE_ROLES = frozenset({"root", "targets", "snapshot", "timestamp", REVIEWS, WITHDRAWN})
BIN_BITS = 8
BINS = f"{REVIEWS}.bin"  # a name with a full stop, which no namespace has


class Lifetimes(Struct, frozen=True):
    """How long metadata of each role is believed. `timestamp`: also how long a host that hears
    nothing goes on."""

    root: timedelta = timedelta(days=365)
    targets: timedelta = timedelta(days=90)
    namespace: timedelta = timedelta(days=365)
    snapshot: timedelta = timedelta(days=7)
    timestamp: timedelta = timedelta(hours=6)


class OnlineKeys(Struct, frozen=True):
    """The keys the registry itself holds. None signs in place of a publisher or a reviewer;
    `targets`, `snapshot` and `timestamp` together say who publishes; all of them not who reviews.
    """

    targets: Ed25519PrivateKey
    snapshot: Ed25519PrivateKey
    timestamp: Ed25519PrivateKey
    withdrawn: Ed25519PrivateKey


def is_own(name: str) -> bool:
    """Whether a role below the top is signed by the registry itself."""
    return name in (REVIEWS, WITHDRAWN) or is_bin(name)


def is_bin(name: str) -> bool:
    """Whether it is a part of the reviews."""
    return name.startswith(f"{BINS}-")


def bins(key: Key) -> SuccinctRoles:
    """The parts the reviews come in, so that a host verifies those of what it loads."""
    return SuccinctRoles([key.keyid], 1, BIN_BITS, BINS)


def signer(key: Ed25519PrivateKey) -> CryptoSigner:
    """The key as TUF signs with it."""
    return CryptoSigner(key)


def public(raw: bytes) -> Key:
    """A public key (32 bytes, Ed25519) as TUF metadata names it."""
    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(raw))


def public_of(key: Ed25519PrivateKey) -> Key:
    """The public half of a key, as TUF metadata names it."""
    return SSlibKey.from_crypto(key.public_key())
