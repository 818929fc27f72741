"""A bundle goes through every check that plugins go through; there is nothing of it to run."""

from pathlib import Path

from fakes.bundles import text
from hyperpersonal_registry.api import Case, Policy, Vote, decide
from hyperpersonal_registry.checks import REQUIRED
from hyperpersonal_registry.checks.runner import Runner
from hyperpersonal_registry.checks.subject import Subject
from hyperpersonal_registry.verdicts import report_hash
from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.bundle_pack import files_of

from .conftest import TODAY


def packed(folder: Path, **more: bytes) -> bytes:
    (folder / "bundle.toml").write_text(text())
    return hpx.pack({**files_of(folder / "bundle.toml"), **more})


async def test_that_a_bundle_passes_all_checks_and_waits_for_one_person(
    cache: Path, tmp_path: Path
) -> None:
    artifact = packed(tmp_path)
    report = await Runner().run(Subject(artifact, str(cache), None, (), TODAY))
    assert {one.check: one.verdict for one in report} == dict.fromkeys(REQUIRED, "PASS"), report
    said = hpx.unpack(artifact).manifest
    policy = Policy.public()
    assert decide(policy, Case(said, report, [])).state == "checked"
    vote = Vote("ann", approves=True, report=report_hash(report))
    assert decide(policy, Case(said, report, [vote])).state == "published"


async def test_that_a_bundle_with_code_in_it_passes_nowhere(cache: Path, tmp_path: Path) -> None:
    artifact = packed(tmp_path, **{"hello.py": b"plugin = 1\n"})
    report = await Runner().run(Subject(artifact, str(cache), None, (), TODAY), ["bundle", "boots"])
    assert [one.verdict for one in report] == ["FAIL", "FAIL"]
    assert "neither the bundle nor a text" in report[0].reason
