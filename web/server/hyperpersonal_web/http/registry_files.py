"""The registry as everybody reads it: releases, artifacts, trust metadata, the log.

Nothing here is secret and nothing here is trusted: whoever reads verifies. What is named by its
content never changes, and says so.
"""

import re
from base64 import b64encode
from pathlib import Path

import msgspec
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_registry.api import Registry, Release, TileId, Visibilities
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from hyperpersonal_web.http.registry_views import ReleaseItem, ReleasePage

NEVER_CHANGES = {"cache-control": "public, max-age=31536000, immutable"}
ALWAYS_ASK = {"cache-control": "no-cache"}
BYTES = "application/octet-stream"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
METADATA_NAME = re.compile(
    r"timestamp\.json|[0-9]{1,12}\.([a-z][a-z0-9_-]{0,39}|reviews\.bin-[0-9a-f]{2})\.json"
)
# Up to 10^15 tiles: numbers that PostgreSQL can count, and more than any log will have.
TILE = re.compile(r"(?P<level>[0-9]{1,2}|entries)/(?P<number>(?:x[0-9]{3}/){0,4}[0-9]{3})"
                  r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?")  # fmt: skip


class Proof(msgspec.Struct, frozen=True):
    """The hashes of a proof, base64, bottom up."""

    hashes: list[str]


@get("/releases/{publisher:str}/{name:str}", operation_id="ListReleases")
async def list_releases(
    publisher: FromPath[str],
    name: FromPath[str],
    registry: NamedDependency[Registry],
    visibilities: NamedDependency[Visibilities],
) -> ReleasePage:
    """Every release of a plugin, newest version first; of a private one nobody hears here."""
    plugin_id = f"{publisher}/{name}"
    found = await registry.releases(plugin_id)
    if not found or not await visibilities.may(plugin_id, None):
        raise NotFoundError(f"there is no plugin {plugin_id}")
    return ReleasePage([ReleaseItem.of(release) for release in reversed(found)])


@get("/blobs/{digest:str}", operation_id="ReadBlob")
async def read_blob(
    digest: FromPath[str],
    registry: NamedDependency[Registry],
    visibilities: NamedDependency[Visibilities],
) -> Response[bytes]:
    """A published artifact."""
    await _public(registry, visibilities, digest)
    artifact = await registry.ground.blobs.get(digest)
    if artifact is None:
        raise NotFoundError("this artifact is not stored here")
    return Response(artifact, media_type=BYTES, headers=NEVER_CHANGES)


@get("/envelopes/{digest:str}", operation_id="ReadEnvelope")
async def read_envelope(
    digest: FromPath[str],
    registry: NamedDependency[Registry],
    visibilities: NamedDependency[Visibilities],
) -> Response[bytes]:
    """The newest signature of a published release."""
    found = await _public(registry, visibilities, digest)
    return Response(found.envelope, media_type="application/json", headers=ALWAYS_ASK)


@get("/sboms/{digest:str}", operation_id="ReadSbom")
async def read_sbom(
    digest: FromPath[str],
    registry: NamedDependency[Registry],
    visibilities: NamedDependency[Visibilities],
) -> Response[bytes]:
    """What a published release is made of: CycloneDX 1.6."""
    await _public(registry, visibilities, digest)
    data = await registry.sbom(digest)
    kind = "application/vnd.cyclonedx+json; version=1.6"
    return Response(data, media_type=kind, headers=NEVER_CHANGES)


@get("/namespaces/{name:str}/metadata", operation_id="ReadNamespaceMetadata")
async def read_namespace_metadata(
    name: FromPath[str], registry: NamedDependency[Registry]
) -> Response[bytes]:
    """The newest trust metadata of a namespace: publishers add their release to it."""
    data = await registry.queue.metadata_of(name)
    if data is None:
        raise NotFoundError(f"{name!r} has signed nothing yet")
    return Response(data, media_type="application/json", headers=ALWAYS_ASK)


@get("/tuf/{name:str}", operation_id="ReadTrustMetadata")
async def read_metadata(
    name: FromPath[str], registry: NamedDependency[Registry]
) -> Response[bytes]:
    """A file of the trust metadata (The Update Framework 1.0, consistent snapshots)."""
    data = await registry.queue.metadata(name) if METADATA_NAME.fullmatch(name) else None
    if data is None:
        raise NotFoundError(f"there is no {name}")
    headers = ALWAYS_ASK if name == "timestamp.json" else NEVER_CHANGES
    return Response(data, media_type="application/json", headers=headers)


@get("/log/checkpoint", operation_id="ReadCheckpoint", media_type="text/plain")
async def read_checkpoint(registry: NamedDependency[Registry]) -> Response[bytes]:
    """The log's newest checkpoint, signed (C2SP tlog-checkpoint)."""
    data = await registry.log.checkpoint()
    return Response(data, media_type=TEXT, headers=ALWAYS_ASK)


@get("/log/tile/{rest:path}", operation_id="ReadTile")
async def read_tile(rest: FromPath[Path], registry: NamedDependency[Registry]) -> Response[bytes]:
    """A tile of the log, or the entries under one (C2SP tlog-tiles)."""
    found = TILE.fullmatch(rest.as_posix().strip("/"))
    if found is None:
        raise NotFoundError("the log has no such tile")
    number, width = int(re.sub("[x/]", "", found["number"])), int(found["width"] or 256)
    if found["level"] == "entries":
        data = await registry.log.entries(number, width)
    else:
        data = await registry.log.tile(TileId(int(found["level"]), number), width)
    return Response(data, media_type=BYTES, headers=NEVER_CHANGES)


@get("/log/inclusion/{n:int}/{size:int}", operation_id="ProveInclusion")
async def prove_inclusion(
    n: FromPath[int], size: FromPath[int], registry: NamedDependency[Registry]
) -> Proof:
    """The proof that entry number `n` (from 1) is in the log of `size` entries."""
    return _proof(await registry.log.inclusion_proof(n, size))


@get("/log/growth/{old:int}/{new:int}", operation_id="ProveGrowth", media_type=JSON)
async def prove_growth(
    old: FromPath[int], new: FromPath[int], registry: NamedDependency[Registry]
) -> Response[bytes]:
    """The proof that the log of `new` entries continues the one of `old`: `{"hashes": […]}`."""
    return await _of_log(registry, f"log/growth/{old}/{new}", NEVER_CHANGES)


@get("/log/checkpoint/{cosigned:int}", operation_id="ReadCosigned", media_type="text/plain")
async def read_cosigned(
    cosigned: FromPath[int], registry: NamedDependency[Registry]
) -> Response[bytes]:
    """The newest checkpoint that so many witnesses have cosigned (C2SP tlog-cosignature)."""
    found = await _of_log(registry, f"log/checkpoint/{cosigned}", ALWAYS_ASK)
    found.media_type = TEXT
    return found


@get("/log/proofs/{size:int}/{name:str}/{after:int}", operation_id="ProvePublications",
     media_type=JSON)  # fmt: skip
async def prove_publications(
    size: FromPath[int],
    name: FromPath[str],
    after: FromPath[int],
    registry: NamedDependency[Registry],
) -> Response[bytes]:
    """What a namespace published after entry number `after`, at most 200, each with its proof in
    the log of `size` entries: `{"items": [{"n": …, "data": …, "hashes": […]}]}`."""
    return await _of_log(registry, f"log/proofs/{size}/{name}/{after}", NEVER_CHANGES)


async def _public(registry: Registry, visibilities: Visibilities, digest: str) -> Release:
    """A release everybody may read of. Raises NotFoundError."""
    found = await registry.by_digest(digest) if DIGEST.fullmatch(digest) else None
    if found is None or not await visibilities.may(found.plugin_id, None):
        raise NotFoundError("no release has this digest")
    return found


async def _of_log(registry: Registry, name: str, headers: dict[str, str]) -> Response[bytes]:
    found = await registry.log.answer(name)
    if found is None:
        raise NotFoundError("the log has no such thing")
    return Response(found, media_type=JSON, headers=headers)


def _proof(hashes: list[bytes]) -> Proof:
    return Proof([b64encode(one).decode() for one in hashes])


ROUTES = (
    list_releases, read_blob, read_envelope, read_sbom, read_namespace_metadata, read_metadata,
    read_checkpoint, read_cosigned, read_tile, prove_inclusion, prove_growth, prove_publications,
)  # fmt: skip
