"""What every store of artifacts keeps to: a folder and a bucket, by the same tests."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from fakes.publishing import artifact, manifest
from fakes.s3 import S3Server
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_registry.api import Blobs, FolderBlobs, open_blobs
from hyperpersonal_registry.blob_copy import Copied, copy_blobs
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.hpx import ARCHIVE_BYTES_MAX
from hypothesis import given, settings
from hypothesis import strategies as st

DIGESTS = [f"sha256:{number:02x}{'5a' * 31}" for number in (0, 1, 0xAB, 0xFF)]


class Shelf(NamedTuple):
    """A store, and a hand that reaches past it. `meddle`: other bytes under a digest, or none."""

    blobs: Blobs
    meddle: Callable[[str, bytes | None], None]


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server.running() as server:
        yield server


@pytest.fixture(scope="module", params=["folder", "bucket"])
def make(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Callable[[], Shelf]:
    """An empty store at each call."""
    if request.param == "folder":
        return lambda: folder(tmp_path_factory.mktemp("blobs"))
    server: S3Server = request.getfixturevalue("s3")
    bucket = server.bucket()
    return lambda: in_bucket(server, bucket, uuid4().hex)


def folder(root: Path) -> Shelf:
    def meddle(digest: str, data: bytes | None) -> None:
        path = root / digest[7:9] / f"{digest[9:]}.hpx"
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True) if data is None else path.write_bytes(data)

    return Shelf(FolderBlobs(root), meddle)


def in_bucket(server: S3Server, bucket: str, prefix: str) -> Shelf:
    def meddle(digest: str, data: bytes | None) -> None:
        key = f"{prefix}/{digest[7:9]}/{digest[9:]}.hpx"
        if data is None:
            server.sdk.delete_object(Bucket=bucket, Key=key)
        else:
            server.sdk.put_object(Bucket=bucket, Key=key, Body=data)

    return Shelf(server.blobs(bucket, prefix), meddle)


deeds = st.tuples(
    st.sampled_from(["put", "alter", "vanish"]),
    st.sampled_from(DIGESTS),
    st.binary(max_size=40),
)


@given(st.lists(deeds, max_size=12))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_that_a_store_has_what_was_put_last_or_meddled_in(
    make: Callable[[], Shelf], story: list[tuple[str, str, bytes]]
) -> None:
    """One digest has one content; `put` mends, and nothing but that digest is touched."""
    contents = {digest: f"the artifact {digest}".encode() for digest in DIGESTS}

    async def live() -> None:
        blobs, meddle = make()
        expected: dict[str, bytes] = {}
        for deed, digest, other in story:
            if deed == "put":
                await blobs.put(digest, contents[digest])
                expected[digest] = contents[digest]
            else:
                meddle(digest, other if deed == "alter" else None)
                expected.pop(digest, None)
                if deed == "alter":
                    expected[digest] = other
        assert {one: await blobs.get(one) for one in DIGESTS} == {
            one: expected.get(one) for one in DIGESTS
        }
        assert sorted([one async for one in blobs.digests()]) == sorted(expected)

    asyncio.run(live())


async def test_that_a_large_artifact_comes_back_whole(make: Callable[[], Shelf]) -> None:
    blobs, _ = make()
    large = bytes(range(256)) * 4_096 * 9
    await blobs.put(DIGESTS[0], large)
    assert await blobs.get(DIGESTS[0]) == large


async def test_that_no_more_is_read_than_one_byte_too_many(make: Callable[[], Shelf]) -> None:
    blobs, meddle = make()
    meddle(DIGESTS[0], b"x" * (ARCHIVE_BYTES_MAX + 100_000))
    found = await blobs.get(DIGESTS[0])
    assert found is not None
    assert len(found) == ARCHIVE_BYTES_MAX + 1


async def test_that_what_is_no_digest_reaches_no_file(make: Callable[[], Shelf]) -> None:
    blobs, _ = make()
    for name in ("", "sha256:..", "../../etc/passwd", DIGESTS[0].upper(), DIGESTS[0] + "/x"):
        with pytest.raises(ValueError, match="no digest"):
            await blobs.get(name)
        with pytest.raises(ValueError, match="no digest"):
            await blobs.put(name, b"x")


async def test_that_many_writers_of_one_artifact_agree(make: Callable[[], Shelf]) -> None:
    blobs, _ = make()
    await asyncio.gather(*(blobs.put(DIGESTS[0], b"the same" * 9_000) for _ in range(8)))
    assert await blobs.get(DIGESTS[0]) == b"the same" * 9_000


async def test_that_other_files_in_a_store_are_left_alone(make: Callable[[], Shelf]) -> None:
    blobs, meddle = make()
    meddle("sha256:zz" + "z" * 62, b"not of ours")
    await blobs.put(DIGESTS[0], b"x")
    assert [one async for one in blobs.digests()] == [DIGESTS[0]]


def packed(count: int) -> dict[str, bytes]:
    made = [artifact(manifest(version=f"1.0.{number}")) for number in range(count)]
    return {hpx.unpack(one).digest: one for one in made}


async def test_that_a_copy_that_broke_off_goes_on_and_verifies(make: Callable[[], Shelf]) -> None:
    (source, meddle), (target, spoil) = make(), make()
    artifacts = packed(9)
    for digest, data in artifacts.items():
        await source.put(digest, data)
    first, altered, half, *_ = artifacts
    await target.put(first, artifacts[first])  # where it broke off
    spoil(half, artifacts[half][:-9])
    other = next(data for digest, data in artifacts.items() if digest != altered)
    meddle(altered, other)  # a good artifact, under a name that is not its own
    told: dict[str, str] = {}
    found = await copy_blobs(source, target, told.__setitem__)
    assert found == Copied(copied=7, there=1, damaged=[altered])
    assert (told[first], told[altered], told[half]) == ("there", "altered", "copied")
    assert await target.get(altered) is None
    assert await target.get(half) == artifacts[half]
    assert await copy_blobs(source, target) == Copied(copied=0, there=8, damaged=[altered])
    assert await copy_blobs(target, source) == Copied(copied=0, there=8)


async def test_that_what_vanishes_while_it_is_copied_is_told(make: Callable[[], Shelf]) -> None:
    source, target = make().blobs, make().blobs
    (digest,) = packed(1)

    class Vanishing:
        put, digests = source.put, source.digests

        async def get(self, digest: str) -> bytes | None:
            return None

    await source.put(digest, packed(1)[digest])
    assert await copy_blobs(Vanishing(), target) == Copied(damaged=[digest])


def test_that_a_url_names_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_blobs(f"file://{tmp_path}/a%20b"), FolderBlobs)
    assert type(open_blobs("s3://artifacts")).__name__ == "S3Blobs"
    assert type(open_blobs("s3://artifacts/of/shops/")).__name__ == "S3Blobs"


BAD_URLS = [
    "", "blobs", "s3://", "s3://x", "s3://Bucket/x", "s3://user:pass@bucket/x", "file://host/x",
    "file:///a/../b", "gs://bucket/x", "https://store.example/x", "s3://bucket/x?versionId=1",
    "s3://bucket/../x",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD_URLS)
def test_that_other_urls_are_refused(url: str) -> None:
    with pytest.raises(RefusedError) as refused:
        open_blobs(url)
    assert "s3://BUCKET" in refused.value.message
    assert "pass" not in refused.value.message
