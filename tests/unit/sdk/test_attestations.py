"""A review counts for what was looked at, by whoever may review, once a person."""

from datetime import UTC, datetime
from itertools import permutations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_sdk import attestations, dsse
from hyperpersonal_sdk.attestations import Review
from hyperpersonal_sdk.errors import UntrustedError

AT = datetime(2026, 11, 22, tzinfo=UTC)
ONE, TWO, THREE = ("sha256:" + digit * 64 for digit in "123")


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def public(number: int) -> bytes:
    return key(number).public_key().public_bytes_raw()


REVIEWERS = [public(1), public(2)]
GOOD = Review(ONE, TWO, THREE, "approved", "I read it.", AT)
LOOKED_AT = (ONE, TWO, THREE)


def approvers(*found: bytes, publishers: tuple[bytes, ...] = ()) -> frozenset[bytes]:
    return attestations.approvers(found, LOOKED_AT, REVIEWERS, publishers)


def test_what_was_signed_is_what_is_read() -> None:
    review = msgspec.structs.replace(GOOD, waived=("licences",))
    found, signers = attestations.verify(attestations.attest(review, key(1)), REVIEWERS)
    assert (found, signers) == (review, {public(1)})


def test_each_reviewer_counts_once() -> None:
    signed = [attestations.attest(GOOD, key(number)) for number in (1, 1, 2)]
    assert approvers(*signed[:2]) == {public(1)}
    assert approvers(*signed) == {public(1), public(2)}
    assert approvers(attestations.attest(GOOD, key(1), key(2))) == {public(1), public(2)}


@pytest.mark.parametrize("looked_at", set(permutations([ONE, TWO, THREE])) - {LOOKED_AT})
def test_a_review_of_anything_else_does_not_count(looked_at: tuple[str, str, str]) -> None:
    other = Review(*looked_at, "approved", "I read it.", AT)
    assert not approvers(attestations.attest(other, key(1)))


def test_a_rejection_is_no_approval() -> None:
    rejection = msgspec.structs.replace(GOOD, decision="rejected")
    assert not approvers(attestations.attest(rejection, key(1)))


def test_strangers_and_publishers_do_not_count() -> None:
    assert not approvers(attestations.attest(GOOD, key(3)))
    own = attestations.attest(GOOD, key(1), key(2))
    assert approvers(own, publishers=(public(1),)) == {public(2)}


def test_a_changed_word_breaks_the_signature() -> None:
    envelope = msgspec.json.decode(attestations.attest(GOOD, key(1)), type=dsse.Envelope)
    rejection = msgspec.structs.replace(GOOD, decision="rejected")
    other = msgspec.json.decode(attestations.attest(rejection, key(9)), type=dsse.Envelope)
    altered = msgspec.json.encode(msgspec.structs.replace(envelope, payload=other.payload))
    with pytest.raises(UntrustedError) as caught:
        attestations.verify(altered, REVIEWERS)
    assert caught.value.code == "altered_statement"


def test_what_is_signed_for_another_use_is_no_review() -> None:
    release = dsse.seal("application/vnd.other+json", msgspec.json.encode(GOOD), key(1))
    assert not approvers(release)
    with pytest.raises(UntrustedError):
        attestations.claimed(release)


@pytest.mark.parametrize(
    "change",
    [
        {"reason": ""},
        {"reason": "x" * 2001},
        {"digest": "sha256:1"},
        {"at": AT.replace(tzinfo=None)},
    ],
)
def test_a_review_must_be_whole(change: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        attestations.attest(msgspec.structs.replace(GOOD, **change), key(1))
    raw = msgspec.json.encode(msgspec.structs.replace(GOOD, **change))
    with pytest.raises(UntrustedError):
        attestations.claimed(dsse.seal(attestations.PAYLOAD_TYPE, raw, key(1)))
