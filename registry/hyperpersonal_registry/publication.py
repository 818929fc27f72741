"""What appears in the trust metadata when a release is published."""

from collections.abc import Iterable
from datetime import datetime
from typing import NoReturn

from hyperpersonal_core.kit.errors import RefusedError

from hyperpersonal_registry.decision import Decision
from hyperpersonal_registry.errors import PublishRefusedError
from hyperpersonal_registry.releases import Release
from hyperpersonal_registry.submissions import Reviewed, Submission
from hyperpersonal_registry.trust.namespaces import release_path
from hyperpersonal_registry.trust.repository import Repository

SIGN_AGAIN = "its publisher signs the namespace's newest metadata: run `hp plugin publish` again"


def release_of(found: Submission, at: datetime) -> Release:
    """The release a submission becomes."""
    return Release(
        found.digest, found.plugin_id, found.version, found.manifest, found.envelope,
        found.artifact_bytes, at,
    )  # fmt: skip


def check_metadata(repository: Repository, made: Submission, now: datetime) -> None:
    """The publisher's metadata names exactly this release, and would be taken now.

    Raises:
        PublishRefusedError: `metadata_due`, with what to do.
    """
    if made.metadata is None:
        _refuse("sign the namespace's metadata and hand it in: `hp plugin publish` does")
    try:
        added = repository.preview(made.namespace, made.metadata, now)
    except RefusedError as error:
        raise PublishRefusedError("metadata_due", error.message) from error
    path = release_path(made.plugin_id, made.version)
    named = [(target.path, target.hashes.get("sha256"), target.length) for target in added]
    if named != [(path, made.sha256, made.artifact_bytes)]:
        _refuse(f"the namespace's metadata must add {path} with these bytes, and nothing else")


def take_release(repository: Repository, found: Submission, now: datetime) -> Decision:
    """Take the publisher's metadata in; where it is no longer the next one, that is waited for."""
    assert found.metadata is not None, "checked when it was handed in"
    try:
        repository.take(found.namespace, found.metadata, now)
    except RefusedError as error:
        return Decision("checked", (SIGN_AGAIN, error.message))
    return Decision("published")


def pass_on_reviews(
    repository: Repository, found: Submission, reviewed: Iterable[Reviewed], now: datetime
) -> None:
    """Let hosts have the words of all who approved of the newest report."""
    approved = [one for one in reviewed if one.vote.approves]
    newest = approved[-1].vote.report if approved else ""
    said = [one.attestation for one in approved if one.vote.report == newest]
    if said:
        repository.pass_on((found.sha256, found.artifact_bytes), said, now)


def _refuse(message: str) -> NoReturn:
    raise PublishRefusedError("metadata_due", message)
