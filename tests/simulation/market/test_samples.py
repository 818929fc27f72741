"""The sample plugins do what they say: every release in its real sandbox, and by its own tests.

`HP_MARKET_SAMPLES`: how many run their own tests here (default 5; all are tried in the sandbox).
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures.market.samples import VERSIONS, Sample, samples
from hyperpersonal_runtime.testing import SandboxServer, World, hook_call
from hyperpersonal_sdk import hpx
from hyperpersonal_web.paths import ROOT

COUNT = int(os.environ.get("HP_MARKET_SAMPLES", "5"))
SAMPLES = samples()
SETTINGS = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"


def test_that_there_are_fifty_of_many_kinds_and_authors() -> None:
    assert len(SAMPLES) >= 50
    assert len({one.author for one in SAMPLES}) >= 12
    assert {one.family.kind for one in SAMPLES} == {
        "agent", "connector", "channel", "guard", "model"}  # fmt: skip
    assert {one.family.runtime for one in SAMPLES} == {"python", "component", "process"}
    assert len({hpx.unpack(one.packed(v)).digest for one in SAMPLES for v in VERSIONS}) == 3 * len(
        SAMPLES
    )


def test_that_they_are_the_same_bytes_each_time() -> None:
    assert [one.releases for one in samples()] == [one.releases for one in SAMPLES]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.plugin_id)
def test_that_every_release_works_in_its_sandbox(
    sample: Sample, sandbox_server: SandboxServer
) -> None:
    for version in VERSIONS:
        archive = hpx.unpack(sample.packed(version))
        said = archive.manifest
        for grants in {said.required.texts, said.asked.texts}:
            call = hook_call(archive.files, said.entry, grants, runtime_kind=said.runtime.kind)
            trial = sample.trial
            done = sandbox_server.call(call, trial.hook, trial.payload, World(**trial.world))
            assert done.outcome == "ok", done.detail
            told = (done.value or b"").decode()
            assert all(text in told for text in trial.says), told


@pytest.mark.timeout(400)
def test_that_their_own_tests_pass(tmp_path: Path) -> None:
    (tmp_path / ".hp").mkdir()
    (tmp_path / ".hp" / "cache").symlink_to(ROOT / ".hp" / "cache")
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    for sample in SAMPLES[:COUNT]:
        for path, data in {**sample.releases[VERSIONS[-1]], **sample.tests}.items():
            place = tmp_path / sample.variant.name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    words = [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", "-p",
             "no:cacheprovider", "."]  # fmt: skip
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.count(".") >= COUNT
