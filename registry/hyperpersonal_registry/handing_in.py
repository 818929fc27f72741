"""What is looked at when a release is handed in: whose it is, its form, its name."""

import asyncio
import hashlib

from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import ConflictError, TooManyError
from hyperpersonal_sdk import checks, signing
from hyperpersonal_sdk.errors import ArchiveError, CheckFailedError, UntrustedError

from hyperpersonal_registry import names, releases, submissions
from hyperpersonal_registry.errors import PublishRefusedError
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.policy import PURE, Policy
from hyperpersonal_registry.submissions import Submission
from hyperpersonal_registry.verdicts import Verdict

WAITING_MAX = 20
RETRY_SECONDS = 30
AGAIN = "a version is published once: raise `version` in plugin.toml"


async def opened(
    ground: Ground, artifact: bytes, envelope: bytes, metadata: bytes | None
) -> Submission:
    """The submission that these bytes make: signed by its publisher, with all that every artifact
    must hold. Raises PublishRefusedError; `reason` names what it did not pass."""
    namespace = claimed_namespace(envelope)
    async with ground.db.transaction() as connection:
        keys = await releases.keys_of(connection, namespace)
    try:
        trusted = signing.verify(envelope, artifact, keys.trusted, ground.now)
        await asyncio.to_thread(checks.check, trusted.archive)
    except (UntrustedError, ArchiveError, CheckFailedError) as error:
        raise PublishRefusedError(error.code, str(error)) from error
    said, sha256 = trusted.statement, hashlib.sha256(artifact).hexdigest()
    return Submission(
        said.digest, said.id, said.version, trusted.manifest.namespace, trusted.manifest,
        envelope, trusted.key_id, len(artifact), sha256, metadata, ground.now,
    )  # fmt: skip


def claimed_namespace(envelope: bytes) -> str:
    """Whose keys to ask for; the claim is proven when the signature is verified."""
    try:
        return signing.claimed(envelope).id.partition("/")[0]
    except UntrustedError as error:
        raise PublishRefusedError(error.code, str(error)) from error


async def check_name(connection: Connection, made: Submission) -> None:
    """Raises ConflictError (published before), PublishRefusedError (`look_alike`)."""
    known = await releases.by_name(connection, made.plugin_id, made.version)
    if known is not None:
        raise ConflictError(f"{made.name} was published before; {AGAIN}")
    look = names.without_separators(made.plugin_id)
    other = await releases.alike(connection, made.plugin_id, look)
    if other is not None:
        message = f"{made.plugin_id} looks like {other}; use its id or another name"
        raise PublishRefusedError("look_alike", message)


async def check_turn(connection: Connection, made: Submission) -> None:
    """One publisher keeps nobody waiting: checks take seconds each. Raises TooManyError."""
    if await submissions.waiting(connection, made.namespace) >= WAITING_MAX:
        words = f"{WAITING_MAX} of your submissions wait for their checks; hand it in after them"
        raise TooManyError(words, RETRY_SECONDS)


def check_open(before: Submission) -> None:
    """Raises ConflictError where it was decided already."""
    if before.state == "published":
        raise ConflictError(f"{before.name} was published before; {AGAIN}")
    if before.state == "rejected":
        raise ConflictError(f"{before.name} was rejected as it is; change it, or appeal")


def pure_report(policy: Policy, made: Submission) -> list[Verdict]:
    """The checks that ran here, where they are all that is asked for; else nothing."""
    if set(policy.checks_of(made.manifest)) - set(PURE):
        return []
    return [Verdict(name, "PASS") for name in PURE]
