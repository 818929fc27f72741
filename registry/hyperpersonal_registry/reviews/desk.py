"""The reviewer's desk: what waits, and all there is to know about one submission."""

import asyncio
from collections.abc import Sequence

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_sdk import hpx, permission_change, risk, signing
from hyperpersonal_sdk.permission_change import PermissionChange

from hyperpersonal_registry import submissions
from hyperpersonal_registry.decision import Case, counting
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.releases import Release
from hyperpersonal_registry.reviews import history, source_diff, urgency
from hyperpersonal_registry.reviews.dossier import Dossier, QueueItem, SignedReview
from hyperpersonal_registry.reviews.source_diff import SourceDiff
from hyperpersonal_registry.reviews.urgency import Facts
from hyperpersonal_registry.submissions import Reviewed, Submission
from hyperpersonal_registry.verdicts import report_hash

_NAMES = "select key_id, name from registry.identities"
_Read = tuple[QueueItem, Release | None, Case]


class Desk:
    """Reads what reviewers need; changes nothing. One a process."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def queue(self) -> list[QueueItem]:
        """What waits, the most urgent first: at most 200, those that waited longest."""
        async with self._ground.db.transaction() as connection:
            waiting = await submissions.in_state(connection, ["checked", "submitted"])
            read = await self._read(connection, waiting)
        return sorted((item for item, _, _ in read), key=_order)

    async def dossier(self, digest: str) -> Dossier:
        """Everything about one submission, decided ones too.

        Raises:
            NotFoundError: nothing of this digest was handed in, or its artifact is lost.
        """
        async with self._ground.db.transaction() as connection:
            found = await submissions.get(connection, digest)
            if found is None:
                raise NotFoundError("nothing of this digest was handed in", digest=digest)
            ((item, before, case),) = await self._read(connection, [found])
            publisher = await history.publisher(connection, found)
            reviewed = await submissions.reviews_of(connection, digest)
            people = {row["key_id"]: row["name"] for row in await connection.fetch(_NAMES)}
        hash_ = report_hash(case.report)
        return Dossier(
            digest, signing.permission_hash(found.manifest), hash_, item, found.manifest,
            risk.risks(found.manifest), _change(before, found), before.version if before else "",
            before.digest if before else "", case.report, _signed(reviewed, hash_, people),
            await self._sources(before, digest), publisher, found.appeal, found.envelope.decode(),
        )  # fmt: skip

    async def _read(self, connection: Connection, found: Sequence[Submission]) -> list[_Read]:
        """As many queries for many as for one."""
        cases = await submissions.cases_of(connection, found)
        befores = await history.releases_before(connection, found)
        since = await history.published_since(connection, found)
        read = []
        for one in found:
            case, before = cases[one.digest], befores[one.digest]
            facts = Facts(
                one.manifest, _change(before, one), case.report, one.submitted_at,
                one.appealed_at, since.get(one.namespace),
            )  # fmt: skip
            read.append((self._item(one, facts, case), before, case))
        return read

    def _item(self, found: Submission, facts: Facts, case: Case) -> QueueItem:
        now, reasons = self._ground.now, urgency.factors(facts, self._ground.now)
        since, due = facts.appealed_at or facts.submitted_at, urgency.due_at(facts)
        approved = sum(vote.approves for vote in counting(case).values())
        needed = max(self._ground.policy.reviews_of(found.manifest), 1 if found.appeal else 0)
        waiting = found.state in {"checked", "submitted"}
        return QueueItem(
            found.digest, found.plugin_id, found.version, found.manifest.title,
            found.manifest.kind, found.state, found.why, reasons,
            sum(factor.points for factor in reasons), needed, approved, found.submitted_at, due,
            round((now - since).total_seconds() / 3600, 2), waiting and now > due,
            bool(found.appeal),
        )  # fmt: skip

    async def _sources(self, before: Release | None, digest: str) -> SourceDiff:
        new = await self._ground.blobs.get(digest)
        if new is None:
            raise NotFoundError("the artifact of this submission is lost", digest=digest)
        old = await self._ground.blobs.get(before.digest) if before else None
        return await asyncio.to_thread(_compare, old, new)


def _compare(old: bytes | None, new: bytes) -> SourceDiff:
    return source_diff.compare(hpx.unpack(old) if old is not None else None, hpx.unpack(new))


def _change(before: Release | None, found: Submission) -> PermissionChange:
    return permission_change.compare(before.manifest if before else None, found.manifest)


def _signed(reviewed: list[Reviewed], report: str, people: dict[str, str]) -> list[SignedReview]:
    return [
        SignedReview(
            one.vote.key_id, people.get(one.vote.key_id, ""), one.vote.approves,
            one.vote.report == report, one.vote.reason, one.vote.waived, one.at,
            one.attestation.decode(),
        )
        for one in reviewed
    ]  # fmt: skip


def _order(item: QueueItem) -> tuple[bool, float]:
    return not item.overdue, -(item.points + item.waits_h)
