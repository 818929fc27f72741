"""A store that is slow, breaks off, refuses, lies or is not there: said plainly, never believed."""

from collections.abc import AsyncIterator, Iterator

import pytest
from fakes import s3 as faults
from fakes.s3 import S3Server, Unsteady
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_registry.s3_blobs import Patience, S3Blobs

DIGEST = "sha256:" + "5a" * 32
DATA = bytes(range(256)) * 4_000
RETRIES = 2
PATIENT = Patience(connect_s=60.0, request_s=60.0, retries=RETRIES, total_s=60.0)
IMPATIENT = Patience(connect_s=60.0, request_s=1.0, retries=RETRIES, total_s=6.0)  # of a silent one


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server.running() as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    return s3.bucket()


@pytest.fixture
async def way(s3: S3Server) -> AsyncIterator[Unsteady]:
    async with Unsteady(s3.port).open() as unsteady:
        yield unsteady


@pytest.fixture
def blobs(s3: S3Server, bucket: str, way: Unsteady) -> S3Blobs:
    return s3.blobs(bucket, "p", url=way.url, patience=PATIENT)


def kept(s3: S3Server, bucket: str) -> bytes | None:
    found = s3.sdk.list_objects_v2(Bucket=bucket).get("Contents", [])
    if not found:
        return None
    data: bytes = s3.sdk.get_object(Bucket=bucket, Key=found[0]["Key"])["Body"].read()
    return data


async def refusal(blobs: S3Blobs, *, put: bool = False) -> OutsideError:
    with pytest.raises(OutsideError) as failed:
        await (blobs.put(DIGEST, DATA) if put else blobs.get(DIGEST))
    assert "secret-of-the-store" not in str(failed.value)
    return failed.value


async def test_that_it_is_written_only_where_nothing_is(
    s3: S3Server, bucket: str, way: Unsteady, blobs: S3Blobs
) -> None:
    await blobs.put(DIGEST, DATA)
    assert len(way.seen) == 1, "one request where nothing was there"
    await blobs.put(DIGEST, DATA)
    words = [one.split()[0] for one in way.seen]
    assert words == [b"PUT", b"PUT", b"GET"], "the second is refused by the store, and looked at"


@pytest.mark.parametrize("fault", [faults.cut_in_the_body, faults.cut_after_the_body])
async def test_that_a_server_killed_in_mid_put_is_asked_again(
    fault: faults.Fault, s3: S3Server, bucket: str, way: Unsteady, blobs: S3Blobs
) -> None:
    way.faults = [fault, fault]
    await blobs.put(DIGEST, DATA)
    assert kept(s3, bucket) == DATA
    assert len(way.seen) >= 3


async def test_that_a_server_that_stays_dead_leaves_nothing_half_written(
    s3: S3Server, bucket: str, way: Unsteady, blobs: S3Blobs
) -> None:
    way.always = faults.cut_in_the_body
    assert (await refusal(blobs, put=True)).retryable
    assert len(way.seen) <= 2 * (1 + RETRIES), "with a limit"
    assert kept(s3, bucket) is None
    way.always = None
    await blobs.put(DIGEST, DATA)
    assert kept(s3, bucket) == DATA


async def test_that_a_busy_store_is_asked_again(way: Unsteady, blobs: S3Blobs) -> None:
    way.faults = [faults.says("503 Slow Down", "SlowDown")]
    await blobs.put(DIGEST, DATA)
    way.faults = [faults.says("500 Internal Server Error", "InternalError")]
    assert await blobs.get(DIGEST) == DATA


async def test_that_a_body_that_ends_too_early_is_never_given(
    way: Unsteady, blobs: S3Blobs
) -> None:
    """Truncated once it may be asked again; truncated always it is an error, not a short blob."""
    await blobs.put(DIGEST, DATA)
    way.always = faults.truncated
    assert (await refusal(blobs)).retryable
    way.always = None
    assert await blobs.get(DIGEST) == DATA


@pytest.mark.parametrize("put", [False, True])
async def test_that_a_silent_store_is_given_up(
    s3: S3Server, bucket: str, way: Unsteady, put: bool
) -> None:
    way.always = faults.silent
    blobs = s3.blobs(bucket, "p", url=way.url, patience=IMPATIENT)
    failed = await refusal(blobs, put=put)
    assert failed.retryable
    assert "AWS_ENDPOINT_URL" in str(failed)
    assert len(way.seen) <= 2 + RETRIES


@pytest.mark.parametrize("put", [False, True])
@pytest.mark.parametrize("code", ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"])
async def test_that_a_refused_key_says_what_to_look_at(
    way: Unsteady, blobs: S3Blobs, code: str, put: bool
) -> None:
    way.always = faults.says("403 Forbidden", code)
    failed = await refusal(blobs, put=put)
    assert not failed.retryable, "the same key is refused again"
    assert "AWS_ACCESS_KEY_ID" in str(failed)
    assert "s3:PutObject" in str(failed)
    assert len(way.seen) == 1


async def test_that_a_missing_bucket_is_no_missing_artifact(s3: S3Server) -> None:
    blobs = s3.blobs("no-such-bucket")
    for failed in (await refusal(blobs), await refusal(blobs, put=True)):
        assert "there is no bucket no-such-bucket" in str(failed)
        assert not failed.retryable
    with pytest.raises(OutsideError, match="there is no bucket"):
        _ = [one async for one in blobs.digests()]


async def test_that_a_list_that_is_refused_or_broken_is_no_empty_store(
    way: Unsteady, blobs: S3Blobs
) -> None:
    way.always = faults.says("403 Forbidden", "AccessDenied")
    with pytest.raises(OutsideError, match="s3:ListBucket"):
        _ = [one async for one in blobs.digests()]
    way.always = faults.says("503 Slow Down", "SlowDown")
    with pytest.raises(OutsideError, match="AWS_ENDPOINT_URL"):
        _ = [one async for one in blobs.digests()]


async def test_that_nobody_there_is_said(s3: S3Server, way: Unsteady) -> None:
    blobs = s3.blobs("artifacts", url="http://127.0.0.1:1", patience=PATIENT)
    assert "the network" in str(await refusal(blobs))


async def test_that_a_store_without_conditional_put_serves(
    s3: S3Server, bucket: str, way: Unsteady, blobs: S3Blobs
) -> None:
    """It answers "not implemented"; then it is looked first, and written without the condition."""
    unable = faults.says("501 Not Implemented", "NotImplemented")
    way.faults = [unable] * (1 + RETRIES)
    await blobs.put(DIGEST, DATA)
    assert kept(s3, bucket) == DATA
