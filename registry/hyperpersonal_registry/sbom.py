"""What a release is made of: a bill of materials in CycloneDX 1.6 (ECMA-424), JSON.

Made of the artifact alone, so that anybody makes the same of the same bytes: its serial number
comes from the digest, its time is the release's.
"""

from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_sdk import hpx

from hyperpersonal_registry import releases
from hyperpersonal_registry.ground import Ground

_GET = "select sbom from registry.sboms where digest = $1"
_PUT = """insert into registry.sboms (digest, sbom, at) values ($1, $2, $3)
on conflict (digest) do nothing"""


async def of_release(ground: Ground, digest: str) -> bytes:
    """The bill of a published release; made at the first question and kept.

    Raises:
        NotFoundError: nothing of this digest was published, or its artifact is lost.
    """
    async with ground.db.transaction() as connection:
        kept: bytes | None = await connection.fetchval(_GET, digest)
        release = await releases.by_digest(connection, digest)
    if kept is not None:
        return kept
    artifact = await ground.blobs.get(digest) if release else None
    if release is None or artifact is None:
        raise NotFoundError("no release has this digest", digest=digest)
    from hyperpersonal_registry.bill import bill  # only who makes one needs its library

    made = bill(hpx.unpack(artifact), release.published_at)
    async with ground.db.transaction() as connection:
        await connection.execute(_PUT, digest, made, ground.now)
    return made
