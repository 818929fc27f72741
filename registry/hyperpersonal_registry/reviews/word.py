"""A reviewer's signed word, before it counts: whose it is, and of what."""

from datetime import datetime

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import ConflictError
from hyperpersonal_sdk import attestations, dsse, signing
from hyperpersonal_sdk.attestations import Review
from hyperpersonal_sdk.errors import UntrustedError

from hyperpersonal_registry import identities, releases, submissions
from hyperpersonal_registry.decision import Vote
from hyperpersonal_registry.errors import PublishRefusedError
from hyperpersonal_registry.submissions import Reviewed, Submission
from hyperpersonal_registry.trust.ceremony import reviewers_of
from hyperpersonal_registry.trust.repository import Repository
from hyperpersonal_registry.verdicts import report_hash


async def of_reviewer(
    connection: Connection, repository: Repository | None, found: Submission, word: bytes,
    at: datetime,
) -> Reviewed:  # fmt: skip
    """The review that these signed bytes (an attestation) are.

    Args:
        connection: holds the submission.
        repository: names who reviews; None where there is no trust metadata.
        found: what was looked at.
        word: see `hyperpersonal_sdk.attestations`.
        at: when it came.

    Raises:
        PublishRefusedError: not a reviewer's, of something else, by several, `not_named`, or of
            the publisher's own release.
        ConflictError: there is nothing to review, or this reviewer spoke already.
    """
    review, signer = await _verified(connection, word)
    if found.state != "checked":
        raise ConflictError(f"{found.name} is {found.state}: there is nothing to review")
    report = report_hash(await submissions.report_of(connection, found.digest, found.run))
    if review.looked_at != (found.digest, signing.permission_hash(found.manifest), report):
        words = "the attestation is of another archive, other rights or an older report"
        raise PublishRefusedError("other_report", words)
    if repository is not None and signer not in reviewers_of(repository.root.signed):
        words = "the root does not name this reviewer yet: `hp registry root draft`"
        raise PublishRefusedError("not_named", words)
    approves = review.decision == "approved"
    vote = Vote(dsse.key_id(signer), approves, report, review.waived, review.reason)
    await _check_may(connection, found, vote)
    return Reviewed(vote, word, at)


async def _verified(connection: Connection, word: bytes) -> tuple[Review, bytes]:
    """What was said, and the one reviewer's public key that signed it."""
    people = await identities.keys_of_role(connection, "reviewer")
    try:
        review, signers = attestations.verify(word, people)
    except UntrustedError as error:
        raise PublishRefusedError(error.code, str(error)) from error
    if len(signers) != 1:
        raise PublishRefusedError("several_signers", "each reviewer signs for themselves")
    (signer,) = signers
    return review, signer


async def _check_may(connection: Connection, found: Submission, vote: Vote) -> None:
    keys = await releases.keys_of(connection, found.namespace)
    if vote.key_id in keys.ids:
        raise PublishRefusedError("own_release", "a publisher cannot review its own release")
    said = [one.vote for one in await submissions.reviews_of(connection, found.digest)]
    if any((one.key_id, one.report) == (vote.key_id, vote.report) for one in said):
        raise ConflictError("you reviewed this already; somebody else must")
