"""Writing a mirror file out of a registry, and taking one in on a host without a network."""

import asyncio
from collections.abc import Sequence

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import NotFoundError, RefusedError
from hyperpersonal_sdk.signing import TrustedKey
from hyperpersonal_sdk.transparency import checkpoint

from hyperpersonal_registry import journal, mirror, names, releases
from hyperpersonal_registry.blobs import Blobs
from hyperpersonal_registry.log import answers, checkpoints
from hyperpersonal_registry.log.signer import Signer
from hyperpersonal_registry.mirror import Body, Entry, MirroredKey, MirroredRelease, Verified
from hyperpersonal_registry.releases import Release
from hyperpersonal_registry.service import Registry
from hyperpersonal_registry.trust import store
from hyperpersonal_registry.trust.reader import Trust

_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('registry mirror', 0))"
_TILES = "select level, number, hashes from registry.log_tiles order by level, number"
_ENTRY = """select n, at, kind, subject, detail, hash from registry.journal
where kind = 'release.published' and subject = $1"""


async def export(registry: Registry, signer: Signer, plugins: Sequence[str]) -> bytes:
    """The releases of these plugins that may be installed, with all that stands for them.

    Raises:
        NotFoundError: one of the plugins has no such release.
        RefusedError: the registry's keys are not here.
    """
    metadata = registry.ground.metadata
    if metadata is None:
        raise RefusedError("the registry's keys are not on this machine")
    chosen = [found for plugin in plugins for found in await _offered(registry, plugin)]
    entries = [await _entry(registry, release) for release in chosen]
    signed = await _checkpoint(registry, max(one.n for one in entries))
    size = checkpoint.verify(signed, signer.public).size
    pairs = zip(chosen, entries, strict=True)
    parts = [await _mirrored(registry, release, entry, size) for release, entry in pairs]
    spaces = sorted({release.manifest.namespace for release in chosen})
    keys = [await registry.keys_of(space) for space in spaces]
    async with registry.ground.db.transaction() as connection:
        files = await store.everything(connection)
        tiles = [tuple(row) for row in await connection.fetch(_TILES)]
    body = Body(
        registry.ground.now, files,
        [_key(key) for found in keys for key in found.trusted],
        parts, signer.public.text, signed, tiles,
    )  # fmt: skip
    return mirror.write(body, metadata.seal(mirror.SEALED_TYPE, mirror.claim(mirror.encode(body))))


async def take_in(db: Database, blobs: Blobs, clock: Clock, trust: Trust, data: bytes) -> Verified:
    """Verify a file and let this database serve what is in it.

    Raises:
        RefusedError, UntrustedError: see `mirror.verify`; nothing of it was kept.
    """
    found = await asyncio.to_thread(mirror.verify, data, trust, clock.now())
    for part, _ in found.releases:
        await blobs.put(part.digest, part.artifact)
    async with db.transaction() as connection:
        await connection.execute(_ONE_AT_A_TIME)
        await store.mirror(connection, found.body.metadata, clock.now())
        await answers.mirror(connection, found.body.part)
        await _keep_keys(connection, found.body.keys, clock)
        for part, trusted in found.releases:
            made = Release(
                part.digest, part.plugin_id, part.version, trusted.manifest, part.envelope,
                len(part.artifact), part.published_at,
            )  # fmt: skip
            if await releases.by_digest(connection, part.digest) is None:
                await releases.add(connection, made, names.without_separators(part.plugin_id))
                at, kind = clock.now(), "release.imported"
                await journal.append(connection, at, kind, made.name, digest=made.digest)
    return found


async def _offered(registry: Registry, plugin: str) -> list[Release]:
    found = [one for one in await registry.releases(plugin) if one.status == "published"]
    if not found:
        raise NotFoundError(f"{plugin} has no release to take along", plugin_id=plugin)
    return found


async def _entry(registry: Registry, release: Release) -> journal.Entry:
    async with registry.ground.db.transaction() as connection:
        row = await connection.fetchrow(_ENTRY, release.name)
    if row is None:
        raise NotFoundError(f"{release.name} is not in this registry's log")
    return journal.Entry(**dict(row))


async def _checkpoint(registry: Registry, size_min: int) -> bytes:
    """Of what holds all that is taken along, the one that most witnesses have seen."""
    newest = await registry.checkpoint()
    async with registry.ground.db.transaction() as connection:
        return await checkpoints.most_cosigned(connection, size_min) or newest


async def _mirrored(
    registry: Registry, release: Release, entry: journal.Entry, size: int
) -> MirroredRelease:
    artifact = await registry.ground.blobs.get(release.digest)
    if artifact is None:
        raise NotFoundError(f"the artifact of {release.name} is not stored here")
    proof = await registry.inclusion_proof(entry.n, size)
    return MirroredRelease(
        release.plugin_id, release.version, release.digest, release.envelope, artifact,
        release.published_at, Entry(entry.n, entry.data, proof),
    )  # fmt: skip


async def _keep_keys(connection: Connection, keys: Sequence[MirroredKey], clock: Clock) -> None:
    for key in keys:
        known = await releases.keys_of(connection, key.namespace)
        if not known.all:
            look = names.skeleton(key.namespace)
            await releases.add_namespace(connection, key.namespace, look, clock.now())
        if key.public not in {one.public for one in known.all}:
            made = TrustedKey(key.public, key.namespace, key.valid_from, key.expires_at)
            await releases.add_key(connection, made)


def _key(key: TrustedKey) -> MirroredKey:
    return MirroredKey(key.public, key.namespace, key.valid_from, key.expires_at)
