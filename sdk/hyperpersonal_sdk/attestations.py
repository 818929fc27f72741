"""What a reviewer signs: this digest, asking these rights, with these results, may pass or not.

Rules:
1. An attestation is bound to digest, permission hash and report hash: of another archive, other
   rights or another run of the checks it says nothing.
2. Only an approval by a reviewer's key counts, each person once, and never one who publishes.
3. `verify` and `approvers` are pure: registry, host and reviewer use the same.

Source: DSSE v1.0.2; the two-person rule of in-toto (thresholds of functionaries).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta, Struct

from hyperpersonal_sdk import dsse
from hyperpersonal_sdk.errors import UntrustedError

PAYLOAD_TYPE = "application/vnd.hyperpersonal.review+json"
REASON_CHARS_MAX = 2_000
WAIVED_MAX = 40
ATTESTATIONS_MAX = 8

Decision = Literal["approved", "rejected"]


class Review(Struct, frozen=True, forbid_unknown_fields=True):
    """What a reviewer says of a release.

    `digest`, `permissions` (signing.permission_hash) and `report` (the hash of the check results)
    name what was looked at; `waived` the failed checks this reviewer lets pass after an appeal.
    """

    digest: Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
    permissions: Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
    report: Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
    decision: Decision
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS_MAX)]
    at: Annotated[datetime, Meta(tz=True)]
    waived: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=80)], ...], Meta(max_length=WAIVED_MAX)
    ] = ()

    @property
    def looked_at(self) -> tuple[str, str, str]:
        """Digest, permission hash and report hash."""
        return self.digest, self.permissions, self.report


def attest(review: Review, *keys: Ed25519PrivateKey) -> bytes:
    """The signed envelope (JSON) of a review."""
    checked = msgspec.convert(msgspec.to_builtins(review), Review)
    return dsse.seal(PAYLOAD_TYPE, msgspec.json.encode(checked, order="sorted"), *keys)


def claimed(attestation: bytes) -> Review:
    """What an attestation claims, unproven.

    Raises:
        UntrustedError: it is not even an attestation.
    """
    return _review(dsse.read(attestation, PAYLOAD_TYPE))


def verify(attestation: bytes, reviewers: Iterable[bytes]) -> tuple[Review, frozenset[bytes]]:
    """What an attestation says, and which of these public keys stand for it (at least one).

    Raises:
        UntrustedError: unsigned, bad_envelope, unknown_key or altered_statement.
    """
    envelope = dsse.read(attestation, PAYLOAD_TYPE)
    return _review(envelope), dsse.signers(envelope, reviewers)


def approvers(
    attestations: Iterable[bytes],
    looked_at: tuple[str, str, str],
    reviewers: Iterable[bytes],
    publishers: Iterable[bytes] = (),
) -> frozenset[bytes]:
    """Whose approval covers a release: public keys, each once.

    Args:
        attestations: signed reviews; those of strangers, of other things and rejections do not
            count, more than 8 of them are not read.
        looked_at: digest, permission hash and report hash the reviews must be of.
        reviewers: public keys (32 bytes) of the platform's reviewers.
        publishers: public keys whose own release this is: they cannot review it.
    """
    barred = frozenset(publishers)
    allowed = [key for key in reviewers if key not in barred]
    found: frozenset[bytes] = frozenset()
    for attestation in list(attestations)[:ATTESTATIONS_MAX]:
        try:
            review, signers = verify(attestation, allowed)
        except UntrustedError:
            continue
        if review.decision == "approved" and review.looked_at == looked_at:
            found |= signers
    return found


def _review(envelope: dsse.Envelope) -> Review:
    try:
        return msgspec.json.decode(envelope.content, type=Review)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UntrustedError("bad_envelope", f"the review cannot be read: {error}") from error
