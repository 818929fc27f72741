"""What speaks for a release and what does not, each line with where to look it up. Pure.

A score of one number would hide what it is made of, so there is none. Lines are computed; nobody
can buy or write one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from hyperpersonal_registry.api import Looked, Release
from hyperpersonal_sdk.capabilities import Http
from hyperpersonal_sdk.manifest import Manifest
from hyperpersonal_sdk.risk import DATA, data_classes, reviews_needed
from msgspec import Struct

from hyperpersonal_marketplace.ratings import Rated

NEW_DAYS = 30
WHEEL, VENDOR = ".whl", "vendor/"

Tone = Literal["good", "plain", "careful"]


class Line(Struct, frozen=True):
    """One line. `evidence`: where it can be looked up, a path of the registry's API or a digest."""

    name: str
    words: str
    tone: Tone
    evidence: str = ""


class Facts(Struct, frozen=True):
    """What a scorecard is computed from. `files`: paths of the release's archive."""

    release: Release
    releases: Sequence[Release]
    looked: Looked
    files: Iterable[str]
    rated: Rated
    now: datetime


def scorecard(facts: Facts) -> list[Line]:
    """The lines, always the same ones in the same order."""
    vendored = sorted(path for path in facts.files if path.endswith(WHEEL) or VENDOR in path)
    return [
        _checks(facts), _reviews(facts), _behaviour(facts), _age(facts), _withdrawn(facts),
        _code(facts, vendored), _leaves(facts.release.manifest), _ratings(facts),
    ]  # fmt: skip


def _checks(facts: Facts) -> Line:
    passed = [one.check for one in facts.looked.report if one.verdict == "PASS"]
    if not facts.looked.report:
        return Line("checks", "no automatic checks are on record", "careful")
    words = f"{len(passed)} of {len(facts.looked.report)} automatic checks passed"
    if others := sorted({one.check for one in facts.looked.report} - set(passed)):
        words += f"; not passed: {', '.join(others)}"
    evidence = f"/v1/registry/submissions/{facts.release.digest}"
    return Line("checks", words, "careful" if others else "good", evidence)


def _reviews(facts: Facts) -> Line:
    needed, evidence = reviews_needed(facts.release.manifest), f"{facts.release.digest}"
    if not facts.looked.reviewers:
        words = "nobody but its publisher has looked at this release"
        return Line("reviews", words, "careful", evidence)
    people = (
        "one reviewer" if facts.looked.reviewers == 1 else f"{facts.looked.reviewers} reviewers"
    )
    tone: Tone = "good" if facts.looked.reviewers >= needed else "careful"
    return Line("reviews", f"{people} signed for this release", tone, evidence)


def _behaviour(facts: Facts) -> Line:
    found = [one for one in facts.looked.report if one.check == "behaviour"]
    if not found or found[0].verdict == "SKIPPED":
        return Line("behaviour", "its behaviour was not replayed against an older release", "plain")
    if found[0].verdict == "PASS":
        words = "replayed conversations show nothing new that it does"
        return Line("behaviour", words, "good", facts.release.digest)
    return Line("behaviour", found[0].reason or "it behaves differently", "careful")


def _age(facts: Facts) -> Line:
    first = min(one.published_at for one in facts.releases)
    days = (facts.now - first).days
    releases = f"{len(facts.releases)} release{'s' if len(facts.releases) > 1 else ''}"
    words = (
        f"{releases} since {first:%Y-%m-%d}; this one is of {facts.release.published_at:%Y-%m-%d}"
    )
    return Line("age", words, "plain" if days < NEW_DAYS else "good")


def _withdrawn(facts: Facts) -> Line:
    bad = [one for one in facts.releases if one.status in ("revoked", "quarantined")]
    if not bad:
        return Line("withdrawn", "no release of it was ever forbidden", "good")
    told = "; ".join(f"{one.version} {one.status}: {one.status_reason}" for one in bad[:3])
    return Line("withdrawn", told, "careful")


def _code(facts: Facts, vendored: Sequence[str]) -> Line:
    sbom = f"/v1/registry/releases/{facts.release.digest}/sbom"
    if not vendored:
        return Line("code", "all of its code is its publisher's own", "good", sbom)
    return Line("code", f"it brings {len(vendored)} files of others' code", "plain", sbom)


def _leaves(manifest: Manifest) -> Line:
    hosts = sorted({right.url.host for right in manifest.asked if isinstance(right, Http)})
    data = data_classes(manifest)
    seen = ", ".join(DATA[kind] for kind in DATA if kind in data) or "nothing of your shop"
    if not hosts:
        return Line("data", f"sees {seen}; talks to no other service", "good")
    return Line("data", f"sees {seen}; talks to {', '.join(hosts)}", "careful")


def _ratings(facts: Facts) -> Line:
    if not facts.rated.ratings:
        return Line("ratings", "no shop that uses it has rated it yet", "plain")
    count = facts.rated.ratings
    shops = "one shop that uses it" if count == 1 else f"{count} shops that use it"
    return Line("ratings", f"{facts.rated.mean:.1f} of 5 from {shops}", "plain")
