"""A reviewer's signature, made on the reviewer's own machine and nowhere else.

Rules:
1. What is signed is recomputed here from the artifact's bytes: digest, permission hash, report
   hash. What the registry shows is only believed where it is the same.
2. The key never leaves this machine; the registry gets an attestation, and from whoever completes
   a review the reviews' trust metadata, which hosts verify.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_registry.reviews.dossier import Dossier
from hyperpersonal_registry.trust.namespaces import with_review
from hyperpersonal_registry.verdicts import report_hash
from hyperpersonal_sdk import dsse, hpx, namespace_metadata, signing
from hyperpersonal_sdk.attestations import Decision, Review, attest
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.registry_client import Json, RegistryClient, RegistryRefusedError
from msgspec import Struct

METADATA_DAYS = 365
TRIES = 3


class Looked(Struct, frozen=True):
    """A submission whose hashes were found right on this machine."""

    artifact: bytes
    archive: hpx.Archive
    dossier: Dossier
    permissions: list[Any]
    gained: list[Any]

    @property
    def failed(self) -> tuple[str, ...]:
        """The checks that said FAIL: what an approval must waive by name."""
        return tuple(one.check for one in self.dossier.verdicts if one.verdict == "FAIL")


def look(client: RegistryClient, digest: str) -> Looked:
    """Fetch a submission and recompute all that a review binds.

    Raises:
        UntrustedError: `altered`: the registry shows something else than what the bytes say.
        BadInputError: it refuses, or does not answer.
    """
    told = client.get(f"/reviews/{digest}")
    dossier = msgspec.convert(told["dossier"], Dossier)
    artifact = client.get_bytes(f"/reviews/{digest}/artifact")
    archive = hpx.unpack(artifact)
    _check("digest", archive.digest, digest, dossier.digest)
    _check("permission hash", signing.permission_hash(archive.manifest), dossier.permissions)
    _check("report hash", report_hash(dossier.verdicts), dossier.report)
    _check("manifest", archive.manifest, dossier.manifest)
    return Looked(artifact, archive, dossier, told["permissions"], told["gained"])


def sign_review(
    client: RegistryClient,
    looked: Looked,
    key: Ed25519PrivateKey,
    said: tuple[Decision, str, Sequence[str]],
) -> Json:
    """Sign and hand in. `said`: the decision, the reason, and what is waived.

    Raises:
        BadInputError: the registry refuses; its message says what to do.
    """
    decision, reason, waived = said
    found = looked.dossier
    seen = (found.digest, found.permissions, found.report)
    review = Review(*seen, decision, reason, datetime.now(UTC), tuple(sorted(waived)))
    attestation = attest(review, key)
    for left in reversed(range(TRIES)):
        body = {"attestation": attestation.decode(), "metadata": ""}
        if decision == "approved" and (others := completed_by(looked, review, key)) is not None:
            body["metadata"] = _metadata(client, looked, [*others, attestation], key).decode()
        try:
            return client.post(f"/reviews/{found.digest}", body)
        except RegistryRefusedError as error:  # somebody else's review came between
            if not left or error.problem.get("facts", {}).get("reason") != "metadata_due":
                raise
    raise AssertionError


def completed_by(looked: Looked, review: Review, key: Ed25519PrivateKey) -> list[bytes] | None:
    """The approvals that this one completes; None where more people are still needed."""
    mine = dsse.key_id(key.public_key().public_bytes_raw())
    failed = set(looked.failed)
    others = {
        one.reviewer: one.attestation.encode()
        for one in looked.dossier.reviews
        if one.counts and one.approves and failed <= set(one.waived) and one.reviewer != mine
    }
    if not failed <= set(review.waived) or len(others) + 1 < looked.dossier.item.needed:
        return None
    return list(others.values())


def _metadata(
    client: RegistryClient, looked: Looked, attestations: list[bytes], key: Ed25519PrivateKey
) -> bytes:
    """The reviews' next trust metadata with this archive in it."""
    now = namespace_metadata.read(client.metadata("reviews"))
    ends = (datetime.now(UTC) + timedelta(days=METADATA_DAYS)).replace(microsecond=0)
    return namespace_metadata.sign(with_review(now, looked.artifact, attestations, ends), key)


def _check(what: str, found: object, *shown: object) -> None:
    if any(found != one for one in shown):
        raise UntrustedError(
            "altered", f"the {what} of the bytes is not what the registry shows: sign nothing"
        )
