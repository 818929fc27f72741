"""Publishing where all keys are at hand: the platform's own releases, measurements, tests.

The same door everybody goes through, with the publisher's, the checks' and the reviewers' steps
one after the other.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_sdk import hpx, signing
from hyperpersonal_sdk import namespace_metadata as publisher_side
from hyperpersonal_sdk.attestations import Review, attest
from hyperpersonal_sdk.risk import reviews_needed
from tuf.api.metadata import Metadata, Targets

from hyperpersonal_registry.releases import Release
from hyperpersonal_registry.service import Registry
from hyperpersonal_registry.submissions import Submission
from hyperpersonal_registry.trust.namespaces import release_path
from hyperpersonal_registry.verdicts import Verdict, report_hash

METADATA_DAYS = 365
REASON = "Read, with all keys at hand."

Report = Callable[[bytes], Sequence[Verdict]]


async def publish(
    registry: Registry,
    artifact: bytes,
    key: Ed25519PrivateKey,
    reviewers: Sequence[Ed25519PrivateKey] = (),
    report: Report | None = None,
) -> Submission:
    """Hand in, check, review.

    Args:
        registry: with or without trust metadata.
        artifact: the `.hpx`.
        key: of its namespace.
        reviewers: as many as may be needed, different people.
        report: runs the checks, where the policy asks for more than those of the form.

    Returns:
        The submission where it ended: published, unless a check or a missing person is waited for.
    """
    found = await submit(registry, artifact, key)
    if found.state == "submitted" and report is not None:
        found = await registry.record_verdicts(found.digest, report(artifact))
    for reviewer in reviewers:
        if found.state == "checked":
            found = await review(registry, artifact, reviewer)
    return found


async def submit(registry: Registry, artifact: bytes, key: Ed25519PrivateKey) -> Submission:
    """The publisher's step: sign, and hand in."""
    unpacked = hpx.unpack(artifact)
    envelope = signing.sign(signing.statement_of(unpacked), key)
    metadata = None
    if registry.ground.metadata is not None:
        now = await registry.queue.metadata_of(unpacked.manifest.namespace)
        metadata = publisher_side.signed_release(now, artifact, _expires(registry), key)
    return await registry.submit(artifact, envelope, metadata)


async def review(
    registry: Registry,
    artifact: bytes,
    reviewer: Ed25519PrivateKey,
    waived: tuple[str, ...] = (),
) -> Submission:
    """A reviewer's step: attest."""
    found, case, _ = await registry.case(hpx.unpack(artifact).digest)
    seen = (found.digest, signing.permission_hash(found.manifest), report_hash(case.report))
    said = attest(Review(*seen, "approved", REASON, registry.ground.now, waived), reviewer)
    return await registry.record_review(found.digest, said)


async def adopt(
    registry: Registry,
    releases: Sequence[Release],
    key: Ed25519PrivateKey,
    reviewers: Sequence[Ed25519PrivateKey],
) -> int:
    """Sign trust metadata for releases published before there was any; how many lacked it.

    Args:
        registry: with trust metadata.
        releases: of one namespace.
        key: of that namespace.
        reviewers: two different people.
    """
    lacking = await _lacking(registry, releases)
    if not lacking:
        return 0
    namespace = releases[0].manifest.namespace
    own = await _current(registry, namespace)
    ends, version = _expires(registry), (own.signed.version if own else 0) + 1
    for _, artifact in lacking:
        own = publisher_side.with_release(own, artifact, ends)
    assert own is not None
    own.signed.version = version
    await registry.renew(namespace, publisher_side.sign(own, key))
    for release, _ in lacking:
        people = reviewers[: reviews_needed(release.manifest)]
        seen = (release.digest, signing.permission_hash(release.manifest), report_hash([]))
        said = [attest(Review(*seen, "approved", REASON, registry.ground.now), p) for p in people]
        await registry.stand_for(release.digest, said)
    return len(lacking)


async def _lacking(registry: Registry, releases: Sequence[Release]) -> list[tuple[Release, bytes]]:
    """Releases that may run, stand in no trust metadata, and whose artifacts are here."""
    found = []
    for release in releases:
        known = await _current(registry, release.manifest.namespace)
        path = release_path(release.plugin_id, release.version)
        artifact = await registry.ground.blobs.get(release.digest)
        runs = release.status in ("published", "yanked") and artifact is not None
        if runs and (known is None or path not in known.signed.targets):
            found.append((release, artifact or b""))
    return found


async def _current(registry: Registry, role: str) -> Metadata[Targets] | None:
    data = await registry.queue.metadata_of(role)
    return None if data is None else Metadata[Targets].from_bytes(data)


def _expires(registry: Registry) -> datetime:
    return (registry.ground.now + timedelta(days=METADATA_DAYS)).replace(microsecond=0)
