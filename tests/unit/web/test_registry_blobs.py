"""`hp registry blobs copy`: from a folder to a bucket and back, as an operator does it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fakes.publishing import artifact, manifest
from fakes.s3 import S3Server
from hyperpersonal_sdk import hpx
from hyperpersonal_web.cli import cli, reach
from hyperpersonal_web.cli.doctor import examine
from hyperpersonal_web.cli.reach import blobs_fault

VERSIONS = 5


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server.running() as server:
        yield server


def copy(env: dict[str, str], source: str, target: str, *words: str) -> Result:
    words = ("registry", "blobs", "copy", "--from", source, "--to", target, *words)
    return CliRunner().invoke(cli, words, env=env, standalone_mode=False)


def fill(root: Path) -> list[str]:
    digests = []
    for number in range(VERSIONS):
        packed = artifact(manifest(version=f"1.0.{number}"))
        digests.append(hpx.unpack(packed).digest)
        path = root / digests[-1][7:9] / f"{digests[-1][9:]}.hpx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed)
    return digests


def test_that_artifacts_move_to_a_bucket_and_back(s3: S3Server, tmp_path: Path) -> None:
    here, bucket = f"file://{tmp_path}/here", f"s3://{s3.bucket()}/of/ours"
    digests = fill(tmp_path / "here")
    assert "5 copied, 0 were there already" in copy(s3.env, here, bucket).output
    again = copy(s3.env, here, bucket, "--json")
    assert json.loads(again.stdout) == {"copied": 0, "there": VERSIONS, "damaged": []}
    assert "5 copied" in copy(s3.env, bucket, f"file://{tmp_path}/back").output
    back = sorted(path.read_bytes() for path in (tmp_path / "back").glob("*/*.hpx"))
    assert sorted(hpx.unpack(one).digest for one in back) == sorted(digests)


def test_that_a_damaged_artifact_is_named_and_not_copied(s3: S3Server, tmp_path: Path) -> None:
    digests, name = fill(tmp_path / "here"), s3.bucket()
    spoilt = tmp_path / "here" / digests[0][7:9] / f"{digests[0][9:]}.hpx"
    spoilt.write_bytes(spoilt.read_bytes()[:-1])
    done = copy(s3.env, f"file://{tmp_path}/here", f"s3://{name}")
    assert done.return_value == 1
    assert f"{digests[0]} is damaged" in done.stderr
    assert s3.sdk.list_objects_v2(Bucket=name)["KeyCount"] == VERSIONS - 1


def test_that_the_doctor_asks_the_store(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "DEADLINE_S", 60.0)  # a busy machine's server answers late
    for name, value in s3.env.items():
        monkeypatch.setenv(name, value)
    assert blobs_fault(f"s3://{s3.bucket()}/x") == ""
    assert "there is no bucket no-such-bucket" in blobs_fault("s3://no-such-bucket")
    assert "s3://BUCKET" in blobs_fault("gs://elsewhere")
    monkeypatch.setenv("HP_BLOBS", "s3://no-such-bucket")
    (found,) = (one for one in examine() if one.name == "artifacts")
    assert (found.verdict, "create it" in found.found) == ("missing", True)


def test_that_what_cannot_work_says_why(s3: S3Server, tmp_path: Path) -> None:
    fill(tmp_path / "here")
    here = f"file://{tmp_path}/here"
    missing = copy(s3.env, here, "s3://no-such-bucket/x")
    assert "there is no bucket no-such-bucket: create it" in str(missing.exception)
    mistyped = copy(s3.env, f"file://{tmp_path}/her", f"file://{tmp_path}/there")
    assert "no artifact in the source" in str(mistyped.exception)
    assert "has no scheme" in str(copy(s3.env, here, "elsewhere").exception)
    wrong = copy(s3.env, here, "gs://elsewhere")
    assert "s3://BUCKET" in str(wrong.exception)
