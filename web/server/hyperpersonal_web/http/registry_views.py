"""What the registry's HTTP says of claims, submissions and releases."""

from datetime import datetime

import msgspec
from hyperpersonal_registry.api import Claim, Release, Reviewed, Submission, Verdict, report_hash
from msgspec import structs

AFTER = {
    "yanked": "raise `version` in plugin.toml and publish the next one",
    "quarantined": "the registry's people look at it; where they see a fault, publish a version "
    "without it",
    "revoked": "publish a version without the fault: this one is loaded nowhere any more",
}
"""What the publisher of a withdrawn release does, by how it was withdrawn."""


class ClaimItem(msgspec.Struct, frozen=True):
    """A claimed or given name. `next`: what its claimant does now; `proof`: the line its domain
    must show."""

    name: str
    state: str
    domain: str
    key: str
    next: str
    proof: str = ""

    @classmethod
    def of(cls, claim: Claim) -> "ClaimItem":
        """A claim as its claimant reads it."""
        proof = claim.proof if claim.domain and claim.state == "waiting" else ""
        return cls(claim.name, claim.state, claim.domain, claim.public.hex(), claim.next, proof)


class KeyItem(msgspec.Struct, frozen=True):
    """A key that speaks for a namespace."""

    id: str
    public: str
    expires_at: datetime


class NamespaceItem(msgspec.Struct, frozen=True):
    """A name somebody publishes under, or wants to."""

    name: str
    state: str
    keys: list[KeyItem]
    next: str = ""


class ReviewItem(msgspec.Struct, frozen=True):
    """A reviewer's word. `counts`: it is of the present report."""

    key: str
    decision: str
    reason: str
    waived: tuple[str, ...]
    counts: bool
    at: datetime


class SubmissionItem(msgspec.Struct, frozen=True):
    """Where a release stands. `why`: what it waits for, or what spoke against it; `next`: what its
    publisher does now; `report`: the hash a review binds."""

    digest: str
    plugin_id: str
    version: str
    state: str
    why: tuple[str, ...]
    next: str
    submitted_at: datetime
    decided_at: datetime | None
    appeal: str
    report: str
    verdicts: list[Verdict] = []
    reviews: list[ReviewItem] = []

    @classmethod
    def of(
        cls,
        found: Submission,
        verdicts: list[Verdict],
        reviews: list[Reviewed],
        release: Release | None = None,
    ) -> "SubmissionItem":
        """A submission with its verdicts and reviews, and what became of the `release` it made."""
        hash_ = report_hash(verdicts)
        said = [_review(one, hash_) for one in reviews]
        item = cls(
            found.digest, found.plugin_id, found.version, found.state, found.why,
            next_of(found, reviews), found.submitted_at, found.decided_at, found.appeal, hash_,
            verdicts, said,
        )  # fmt: skip
        if release is None or release.status == "published":
            return item
        why, following = (release.status_reason,), AFTER[release.status]
        return structs.replace(item, state=release.status, why=why, next=following)


class SubmissionPage(msgspec.Struct, frozen=True):
    """A publisher's submissions, newest first."""

    items: list[SubmissionItem]


class ReleaseItem(msgspec.Struct, frozen=True):
    """A release; a withdrawn one says why."""

    plugin_id: str
    version: str
    digest: str
    kind: str
    title: str
    licence: str
    artifact_bytes: int
    published_at: datetime
    status: str
    status_reason: str

    @classmethod
    def of(cls, release: Release) -> "ReleaseItem":
        """What everybody may read of a release."""
        said = release.manifest
        return cls(
            release.plugin_id, release.version, release.digest, said.kind, said.title,
            said.licence, release.artifact_bytes, release.published_at, release.status,
            release.status_reason,
        )  # fmt: skip


class ReleasePage(msgspec.Struct, frozen=True):
    """Every release of a plugin, newest first."""

    items: list[ReleaseItem]


def next_of(found: Submission, reviews: list[Reviewed]) -> str:
    """What a publisher does now. What a person rejected, no other is asked about."""
    by_person = any(not one.vote.approves for one in reviews)
    wait = f"`hp plugin status {found.digest} --wait`"
    appeal = f"`hp plugin appeal {found.digest} WHY`"
    match found.state:
        case "published":
            return "it can be installed"
        case "rejected" if found.appeal or by_person:
            return "change it and submit it again, under this version or a newer one"
        case "rejected":
            return f"change it and submit it again, or appeal: {appeal}"
        case "checked":
            return f"wait for the reviewers: {wait}"
    return f"wait for the checks: {wait}"


def _review(one: Reviewed, report: str) -> ReviewItem:
    vote = one.vote
    said = "approved" if vote.approves else "rejected"
    counts = vote.report == report
    return ReviewItem(vote.key_id, said, vote.reason, vote.waived, counts, one.at)
