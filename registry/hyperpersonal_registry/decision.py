"""Whether a submission is published: pure, and closed by default.

Rules:
1. Every check the policy names must have said PASS in the newest report. ERROR, SKIPPED and
   silence are no PASS: the submission waits until the check has run.
2. A FAIL rejects. Its publisher may appeal; then reviewers may waive it by name, each of those who
   count, and only a check that can be waived.
3. Reviews count when they are of this very report, by different people, none of whom publishes
   in this namespace. One rejection rejects.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from hyperpersonal_sdk.manifest import Manifest
from msgspec import Struct

from hyperpersonal_registry.policy import Policy
from hyperpersonal_registry.verdicts import Verdict, report_hash

State = Literal["submitted", "checked", "published", "rejected"]


class Vote(Struct, frozen=True):
    """A reviewer's signed word, as far as it decides. `key_id`: the reviewer's."""

    key_id: str
    approves: bool
    report: str
    waived: tuple[str, ...] = ()
    reason: str = ""


class Decision(Struct, frozen=True):
    """Where a submission stands and why: what it waits for, or what spoke against it."""

    state: State
    why: tuple[str, ...] = ()


class Case(Struct, frozen=True):
    """All that a decision rests on.

    Attributes:
        report: the newest verdict of every check that ran.
        votes: reviews whose signatures were verified.
        publishers: ids of the keys that speak for the namespace: they do not review for it.
        appealed: whether the publisher asked people to look at what failed.
    """

    manifest: Manifest
    report: Sequence[Verdict] = ()
    votes: Sequence[Vote] = ()
    publishers: Collection[str] = ()
    appealed: bool = False


def decide(policy: Policy, case: Case) -> Decision:
    """Where the case stands under the policy."""
    needed = policy.checks_of(case.manifest)
    found = {verdict.check: verdict for verdict in case.report}
    silent = [name for name in needed if name not in found]
    halted = [found[n] for n in needed if n in found and found[n].verdict in ("ERROR", "SKIPPED")]
    if silent or halted:
        told = [f"{one.check}: {one.verdict}, {one.reason}" for one in halted]
        return Decision("submitted", (*(f"{name}: has not run" for name in silent), *told))
    failed = [found[name] for name in needed if found[name].verdict != "PASS"]
    final = [one for one in failed if not case.appealed or one.check not in policy.waivable]
    if final:
        return Decision("rejected", tuple(f"{one.check}: {one.reason}" for one in final))
    people = max(policy.reviews_of(case.manifest), 1 if failed else 0)
    return _review(case, tuple(one.check for one in failed), people)


def counting(case: Case) -> dict[str, Vote]:
    """The votes that count, by reviewer: the newest of each, on this very report."""
    now = report_hash(case.report)
    return {
        vote.key_id: vote
        for vote in case.votes
        if vote.report == now and vote.key_id not in case.publishers
    }


def _review(case: Case, failed: tuple[str, ...], people: int) -> Decision:
    votes = counting(case).values() if people else []
    against = _against(votes)
    if against:
        return Decision("rejected", against)
    enough = [vote for vote in votes if set(failed) <= set(vote.waived)]
    if len(enough) >= people:
        return Decision("published")
    missing = people - len(enough)
    waits = f"a review by {missing} more {'person' if missing == 1 else 'people'}"
    waiver = (f"that names what it waives: {', '.join(failed)}",) if failed else ()
    return Decision("checked", (waits, *waiver))


def _against(votes: Iterable[Vote]) -> tuple[str, ...]:
    return tuple(f"a reviewer: {vote.reason}" for vote in votes if not vote.approves)
