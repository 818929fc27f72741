"""A release's life until it is published: handed in, checked, reviewed, decided.

Rules:
1. Each step is one transaction with its leaf of the log; a process that ends between two steps
   leaves the submission in the state before, and the step can be done again.
2. What decides is `decision.decide`, after every step, over what is stored.
3. Nothing is published that its publisher and, where the policy asks for people, its reviewers
   have not signed as trust metadata too.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError

from hyperpersonal_registry import (
    handing_in,
    journal,
    names,
    publication,
    releases,
    submissions,
    visibility,
)
from hyperpersonal_registry.decision import Case, Decision, decide
from hyperpersonal_registry.errors import PublishRefusedError
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.policy import Policy
from hyperpersonal_registry.reviews import word
from hyperpersonal_registry.submissions import Reviewed, Submission
from hyperpersonal_registry.trust.repository import Repository
from hyperpersonal_registry.verdicts import Verdict, report_hash

CHECK_JOB = "registry.check"
APPEAL_CHARS_MAX = 4_000


class Lifecycle:
    """Takes submissions to their end. Stateless; one a process."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def submit(
        self, artifact: bytes, envelope: bytes, metadata: bytes | None = None
    ) -> Submission:
        """Hand in a signed release; the same artifact again replaces what was signed about it.

        Args:
            artifact: the `.hpx`.
            envelope: the publisher's signature of it.
            metadata: the namespace's next TUF metadata, signed; needed where there is trust
                metadata.

        Raises:
            PublishRefusedError: `reason` names what it did not pass at the door.
            ConflictError: the version was used before, or another artifact of it is being looked
                at.
            TooManyError: too many of its publisher's wait for their checks.
        """
        made = await handing_in.opened(self._ground, artifact, envelope, metadata)
        await self._ground.blobs.put(made.digest, artifact)
        async with self._step(made.digest) as (connection, repository, before):
            await visibility.hold(connection, made.plugin_id)
            await handing_in.check_name(connection, made)
            if repository is not None:
                publication.check_metadata(repository, made, self._ground.now)
            if before is None:
                await handing_in.check_turn(connection, made)
                await submissions.add(connection, made)
                policy = await self._policy(connection, made)
                report = handing_in.pure_report(policy, made)
                await submissions.add_report(connection, made.digest, report, made.submitted_at)
            else:
                handing_in.check_open(before)
                await submissions.signed_again(connection, made)
            now = await _present(connection, made.digest)
            settled = await self._settle(connection, repository, now)
            if before is None and settled.state != "published":
                await self._told(connection, "release.submitted", settled, key=made.key_id)
                if settled.state == "submitted":
                    from hyperpersonal_core.kit.jobs import enqueue  # takes a queue's library

                    await enqueue(connection, CHECK_JOB, made.digest.encode(), made.digest)
        await self._after(settled)
        return settled

    async def publish_at_once(
        self, artifact: bytes, envelope: bytes, metadata: bytes | None
    ) -> Submission:
        """`submit`, only where nothing is needed that takes time. Raises PublishRefusedError."""
        made = await handing_in.opened(self._ground, artifact, envelope, metadata)
        async with self._ground.db.transaction() as connection:
            policy = await self._policy(connection, made)
        if not handing_in.pure_report(policy, made) or policy.reviews_of(made.manifest):
            raise PublishRefusedError("review_due", "submit it: checks or people must look at it")
        return await self.submit(artifact, envelope, metadata)

    async def record_verdicts(self, digest: str, report: Sequence[Verdict]) -> Submission:
        """What a run of the checks found. The same report again changes nothing; nor does one that
        comes after the end.

        Raises:
            NotFoundError: nothing of this digest was handed in.
        """
        async with self._step(digest) as (connection, repository, before):
            found = _known(before, digest)
            known = await submissions.report_of(connection, digest, found.run)
            if found.state in ("published", "rejected") or report_hash(known) == report_hash(
                report
            ):
                return found
            at = self._ground.now
            await submissions.add_report(connection, digest, report, at)
            said = {one.check: one.verdict for one in report}
            told = {"report": report_hash(report), "verdicts": said}
            await self._told(connection, "release.checked", found, **told)
            now = await _present(connection, digest)
            settled = await self._settle(connection, repository, now)
        await self._after(settled)
        return settled

    async def record_review(self, digest: str, attestation: bytes) -> Submission:
        """A reviewer's signed word.

        Args:
            digest: of what was handed in.
            attestation: see `hyperpersonal_sdk.attestations`.

        Raises:
            NotFoundError: nothing of this digest was handed in.
            PublishRefusedError: the attestation is not a reviewer's, or not of this release and
                this report; `not_named`: the root's holders have not named this reviewer yet.
            ConflictError: this reviewer spoke already, or it is decided.
        """
        async with self._step(digest) as (connection, repository, before):
            found = _known(before, digest)
            at = self._ground.now
            reviewed = await word.of_reviewer(connection, repository, found, attestation, at)
            await submissions.add_review(connection, digest, reviewed)
            vote = reviewed.vote
            said = "approved" if vote.approves else "rejected"
            told = {"by": vote.key_id, "decision": said, "report": vote.report}
            await self._told(connection, "release.reviewed", found, **told, reason=vote.reason)
            settled = await self._settle(connection, repository, found)
        await self._after(settled)
        return settled

    async def appeal(self, digest: str, text: str) -> Submission:
        """Ask people to look at what failed.

        Raises:
            NotFoundError: nothing of this digest was handed in.
            ConflictError: it was not rejected by a check, or its version is being tried anew.
        """
        if not 1 <= len(text.strip()) <= APPEAL_CHARS_MAX:
            raise RefusedError(f"say why it should pass, in at most {APPEAL_CHARS_MAX} characters")
        async with self._step(digest) as (connection, repository, before):
            found = _known(before, digest)
            case = await submissions.case_of(connection, found)
            if found.state != "rejected" or found.appeal or any(not v.approves for v in case.votes):
                raise ConflictError("only what a check rejected can be appealed, once")
            await submissions.add_appeal(connection, digest, text, self._ground.now)
            await self._told(connection, "release.appealed", found)
            now = await _present(connection, digest)
            return await self._settle(connection, repository, now)

    async def case(self, digest: str) -> tuple[Submission, Case, list[Reviewed]]:
        """A submission with all its decision rests on. Raises NotFoundError."""
        async with self._ground.db.transaction() as connection:
            found = _known(await submissions.get(connection, digest), digest)
            reviewed = await submissions.reviews_of(connection, digest)
            return found, await submissions.case_of(connection, found), reviewed

    async def _settle(
        self, connection: Connection, repository: Repository | None, found: Submission
    ) -> Submission:
        """Decide, and do what follows."""
        decision = await self._decide(connection, found)
        if decision.state == "published" and repository is not None:
            decision = publication.take_release(repository, found, self._ground.now)
            if decision.state == "published":
                said = await submissions.reviews_of(connection, found.digest)
                publication.pass_on_reviews(repository, found, said, self._ground.now)
        ended = decision.state in ("published", "rejected")
        at = self._ground.now if ended else None
        await submissions.settle(connection, found.digest, decision, at)
        if decision.state == "published":
            await self._publish(connection, found)
        if decision.state == "rejected":
            await self._told(connection, "release.rejected", found, why=list(decision.why))
        return found.decided(decision)

    async def _decide(self, connection: Connection, found: Submission) -> Decision:
        policy = await self._policy(connection, found)
        return decide(policy, await submissions.case_of(connection, found))

    async def _policy(self, connection: Connection, found: Submission) -> Policy:
        """Nobody need review what only its own tenants can have."""
        policy = self._ground.policy
        return policy.unreviewed() if await _is_private(connection, found) else policy

    async def _publish(self, connection: Connection, found: Submission) -> None:
        release = publication.release_of(found, self._ground.now)
        await releases.add(connection, release, names.without_separators(found.plugin_id))
        report = report_hash(await submissions.report_of(connection, found.digest, found.run))
        told = {"key": found.key_id, "report": report}
        await self._told(connection, "release.published", found, **told)

    async def _told(
        self, connection: Connection, kind: str, found: Submission, **detail: object
    ) -> None:
        at = self._ground.now
        await journal.append(connection, at, kind, found.name, digest=found.digest, **detail)

    async def _after(self, settled: Submission) -> None:
        """Hosts hear at once that there is something new to believe."""
        if settled.state == "published" and self._ground.metadata is not None:
            await self._ground.tell()

    @asynccontextmanager
    async def _step(
        self, digest: str
    ) -> AsyncIterator[tuple[Connection, Repository | None, Submission | None]]:
        taken = "this version was published before, or another artifact of it is being looked at"
        async with self._ground.changing(taken) as (connection, repository):
            found = await submissions.get(connection, digest, lock=True)
            if found is not None:
                await visibility.hold(connection, found.plugin_id)
            yield connection, repository, found


async def _present(connection: Connection, digest: str) -> Submission:
    return _known(await submissions.get(connection, digest), digest)


def _known(found: Submission | None, digest: str) -> Submission:
    if found is None:
        raise NotFoundError("nothing of this digest was handed in", digest=digest)
    return found


async def _is_private(connection: Connection, found: Submission) -> bool:
    return (await visibility.of(connection, found.plugin_id)).visibility == "private"
