"""All that a reviewer looks at before signing: plain values, ready to be shown."""

from collections.abc import Sequence
from datetime import datetime

from hyperpersonal_sdk.manifest import Manifest
from hyperpersonal_sdk.permission_change import PermissionChange
from hyperpersonal_sdk.risk import Risk
from msgspec import Struct

from hyperpersonal_registry.reviews.source_diff import SourceDiff
from hyperpersonal_registry.reviews.urgency import Factor
from hyperpersonal_registry.verdicts import Verdict


class QueueItem(Struct, frozen=True):
    """A submission that waits for people, or for its checks.

    `needed`: how many different reviewers; `approved`: how many have signed for this report;
    `waits_h`: hours since it was handed in (or appealed).
    """

    digest: str
    plugin_id: str
    version: str
    title: str
    kind: str
    state: str
    why: tuple[str, ...]
    factors: tuple[Factor, ...]
    points: int
    needed: int
    approved: int
    submitted_at: datetime
    due_at: datetime
    waits_h: float
    overdue: bool
    appealed: bool


class SignedReview(Struct, frozen=True):
    """One reviewer's word. `counts`: it is of the present report. `attestation` is what was signed
    (DSSE), for whoever completes the review."""

    reviewer: str
    name: str
    approves: bool
    counts: bool
    reason: str
    waived: tuple[str, ...]
    at: datetime
    attestation: str


class PublisherHistory(Struct, frozen=True):
    """What is known of who hands in. `domain`: the name was proven by it; empty: an admin gave
    it. `key_since`: since when the key that signed this speaks for the name."""

    namespace: str
    domain: str
    since: datetime | None
    first_release_at: datetime | None
    releases: int
    plugins: int
    rejected: int
    withdrawn: int
    observations_open: int
    key_since: datetime | None


class Dossier(Struct, frozen=True):
    """`digest`, `permissions` and `report` are what a review binds."""

    digest: str
    permissions: str
    report: str
    item: QueueItem
    manifest: Manifest
    risks: tuple[Risk, ...]
    change: PermissionChange
    previous: str
    previous_digest: str
    verdicts: Sequence[Verdict]
    reviews: Sequence[SignedReview]
    sources: SourceDiff
    publisher: PublisherHistory
    appeal: str
    envelope: str
