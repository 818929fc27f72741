"""A reviewer's signature, made on the reviewer's own machine and nowhere else.

Rules:
1. What is signed is recomputed here from the artifact's bytes: digest, permission hash, report
   hash. What the registry shows is only believed where it is the same.
2. The key never leaves this machine; the registry gets an attestation, which hosts verify.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_registry.reviews.dossier import Dossier
from hyperpersonal_registry.verdicts import report_hash
from hyperpersonal_sdk import hpx, signing
from hyperpersonal_sdk.attestations import Decision, Review, attest
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.registry_client import Json, RegistryClient
from msgspec import Struct


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
    return client.post(f"/reviews/{found.digest}", {"attestation": attestation.decode()})


def _check(what: str, found: object, *shown: object) -> None:
    if any(found != one for one in shown):
        raise UntrustedError(
            "altered", f"the {what} of the bytes is not what the registry shows: sign nothing"
        )
