"""Newer signatures for what is published already."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from hyperpersonal_sdk import signing
from hyperpersonal_sdk.attestations import approvers, claimed
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.risk import reviews_needed
from hyperpersonal_sdk.signing import Statement, TrustedKey

from hyperpersonal_registry import identities, journal, releases
from hyperpersonal_registry.errors import PublishRefusedError
from hyperpersonal_registry.ground import Ground
from hyperpersonal_registry.handing_in import claimed_namespace
from hyperpersonal_registry.releases import NamespaceKeys, Release
from hyperpersonal_registry.trust.ceremony import reviewers_of
from hyperpersonal_registry.trust.namespaces import release_path
from hyperpersonal_registry.trust.roles import OnlineKeys
from hyperpersonal_registry.withdrawal import sha256_in


async def sign_again(ground: Ground, envelope: bytes) -> None:
    """See `Registry.sign_again`."""
    now, namespace = ground.now, claimed_namespace(envelope)
    async with ground.db.transaction() as connection:
        keys = await releases.keys_of(connection, namespace)
        statement, key = _verified(envelope, keys, now)
        release = await releases.by_digest(connection, statement.digest)
        if release is None:
            raise NotFoundError("no release has this digest", digest=statement.digest)
        if statement != signing.claimed(release.envelope):
            message = f"the statement is not the one {release.name} was published with"
            raise PublishRefusedError("other_statement", message)
        await releases.add_envelope(connection, release.digest, envelope, now)
        await journal.append(connection, now, "release.signed_again", release.name, key=key.key_id)


async def change_root(ground: Ground, data: bytes, keys: OnlineKeys | None) -> int:
    """See `Registry.change_root`."""
    async with ground.changing() as (connection, repository):
        if repository is None:
            raise ConflictError("there is no root yet; hold `hp registry init`")
        repository.change_root(data, ground.now, keys)
        version = repository.root.signed.version
        detail = {"sha256": hashlib.sha256(data).hexdigest()}
        await journal.append(connection, ground.now, "root.changed", str(version), **detail)
    await ground.tell()
    return version


async def renew(ground: Ground, namespace: str, metadata: bytes) -> None:
    """See `Registry.renew`."""
    if ground.metadata is None:
        raise ConflictError("this registry keeps no trust metadata")
    async with ground.changing() as (connection, repository):
        assert repository is not None
        added = repository.preview(namespace, metadata, ground.now)
        for target in added:
            digest = str(target.custom.get("digest"))
            release = await releases.by_digest(connection, digest)
            path = release and release_path(release.plugin_id, release.version)
            if target.path != path:
                raise RefusedError(f"{target.path} was not published with these bytes")
        repository.take(namespace, metadata, ground.now)
        await journal.append(connection, ground.now, "namespace.renewed", namespace)
    await ground.tell()


async def stand_for(ground: Ground, digest: str, said: Sequence[bytes]) -> None:
    """See `Registry.stand_for`."""
    async with ground.changing() as (connection, repository):
        release = await releases.by_digest(connection, digest)
        where = (release.plugin_id, release.version) if release else ("", "")
        sha256 = sha256_in(repository, *where) if repository is not None else None
        if release is None or repository is None or sha256 is None:
            raise NotFoundError("no release of this digest stands in the metadata", digest=digest)
        keys = await releases.keys_of(connection, release.manifest.namespace)
        publishers = [key.public for key in keys.all]
        named = set(reviewers_of(repository.root.signed)) & set(
            await identities.keys_of_role(connection, "reviewer")
        )
        _check_enough(release, said, named, publishers)
        repository.pass_on((sha256, release.artifact_bytes), said, ground.now)
        await journal.append(connection, ground.now, "release.reviewed_again", release.name)
    await ground.tell()


def _check_enough(
    release: Release, said: Sequence[bytes], named: Collection[bytes], publishers: Sequence[bytes]
) -> None:
    """Raises PublishRefusedError: too few reviewers approved of one and the same report."""
    seen = (release.digest, signing.permission_hash(release.manifest))
    reports = {claimed(one).report for one in said}
    found = [approvers(said, (*seen, report), named, publishers) for report in reports]
    needed = reviews_needed(release.manifest)
    if len(reports) != 1 or len(found[0]) < needed:
        raise PublishRefusedError("unreviewed", f"{release.name} needs {needed} of one report")


def _verified(envelope: bytes, keys: NamespaceKeys, now: datetime) -> tuple[Statement, TrustedKey]:
    try:
        return signing.verify_statement(envelope, keys.trusted, now)
    except UntrustedError as error:
        raise PublishRefusedError(error.code, str(error)) from error
