"""In which order reviewers should look: by what a release could do, and how long it has waited.

Rules:
1. Points come from facts alone, each with its words: nobody is asked how risky they are.
2. An hour of waiting is a point, and what is overdue comes first: nothing waits for ever.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hyperpersonal_sdk.checks import vendored
from hyperpersonal_sdk.manifest import Manifest
from hyperpersonal_sdk.permission_change import PermissionChange
from hyperpersonal_sdk.risk import risks
from msgspec import Struct

from hyperpersonal_registry.verdicts import Verdict

REVIEW_DUE = timedelta(days=3)
APPEAL_DUE = timedelta(days=1)
NEW_PUBLISHER = timedelta(days=30)
REMARKS_MAX = 3

_RISKS = {"moves_money": 40, "sensitive_data": 30, "personal_data_may_leave": 20}
_CHANGES = {"new_data": 25, "wider": 15, "first": 10}
_KINDS = {
    "process": "It is native code: what runs is more than what can be read.",
    "component": "It is compiled: its source is not what runs.",
}


class Factor(Struct, frozen=True):
    """One reason to look sooner."""

    code: str
    words: str
    points: int


class Facts(Struct, frozen=True):
    """What urgency depends on. `published_since`: when its publisher's first release came out."""

    manifest: Manifest
    change: PermissionChange
    report: Sequence[Verdict]
    submitted_at: datetime
    appealed_at: datetime | None = None
    published_since: datetime | None = None


def factors(facts: Facts, now: datetime) -> tuple[Factor, ...]:
    """Why to look at it sooner, the weightiest first."""
    found = [Factor(one.code, one.words, _RISKS[one.code]) for one in risks(facts.manifest)]
    if facts.change.kind in _CHANGES:
        found.append(Factor("permissions", facts.change.words, _CHANGES[facts.change.kind]))
    if facts.published_since is None or now - facts.published_since < NEW_PUBLISHER:
        words = "Its publisher is here for less than 30 days."
        found.append(Factor("new_publisher", words, 20))
    if facts.appealed_at is not None:
        found.append(Factor("appeal", "Its publisher says that a check is wrong.", 30))
    found += _of_code(facts)
    return tuple(sorted(found, key=lambda factor: -factor.points))


def due_at(facts: Facts) -> datetime:
    """By when people must have looked."""
    if facts.appealed_at is not None:
        return facts.appealed_at + APPEAL_DUE
    return facts.submitted_at + REVIEW_DUE


def _of_code(facts: Facts) -> list[Factor]:
    found = []
    kind = facts.manifest.runtime.kind
    if kind in _KINDS:
        found.append(Factor(kind, _KINDS[kind], 15))
    told = {one.check: one.detail for one in facts.report if one.verdict == "PASS" and one.detail}
    brought = len(told.pop(vendored.NAME, ()))
    if brought:
        found.append(Factor("vendored", f"It brings packages of others along: {brought}.", 10))
    if told:
        words = f"Checks passed with remarks: {', '.join(told)}."
        found.append(Factor("remarks", words, 5 * min(len(told), REMARKS_MAX)))
    return found
