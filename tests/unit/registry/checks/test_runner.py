"""Whatever becomes of a check, there is a verdict for its name, and only PASS lets a release on.

In February 2026 a market's scanners failed under load, and "no scanner objected" let everything
through. So each check is killed in turn here.
"""

import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

import pytest
from hyperpersonal_registry.api import Case, Policy, Verdict, Vote, decide
from hyperpersonal_registry.checks import FORMAL, REQUIRED, SANDBOXED, WAIVABLE
from hyperpersonal_registry.checks.runner import Runner
from hyperpersonal_registry.checks.subject import Subject
from hyperpersonal_registry.verdicts import report_hash
from hyperpersonal_sdk import hpx

from .conftest import TODAY
from .small_mail import release

POLICY = Policy.public()
ALL_PASS = {name: Verdict(name, "PASS") for name in REQUIRED}


@pytest.fixture
def subject(cache: Path) -> Subject:
    return Subject(release(), str(cache), None, (), TODAY)


def state(report: dict[str, Verdict]) -> str:
    """Where a release with this report and two glad reviewers stands."""
    said = list(report.values())
    votes = [Vote(name, approves=True, report=report_hash(said)) for name in ("ann", "bob")]
    made = hpx.unpack(release()).manifest
    return decide(POLICY, Case(made, said, votes)).state


def test_that_a_release_that_passed_everything_is_published() -> None:
    assert state(ALL_PASS) == "published"


@pytest.mark.parametrize("name", REQUIRED)
async def test_that_killing_a_check_lets_nothing_through(name: str, subject: Subject) -> None:
    killed = []

    def kill(check: str, pid: int) -> None:
        killed.append(check)
        os.kill(pid, signal.SIGKILL)

    (found,) = await Runner(watch=kill).run(subject, [name])
    assert killed == [name]
    assert (found.check, found.verdict) == (name, "ERROR")
    assert "tried again" in found.reason
    assert state({**ALL_PASS, name: found}) == "submitted"


async def test_that_a_killed_check_takes_no_other_with_it(subject: Subject) -> None:
    def kill(check: str, pid: int) -> None:
        if check == "secrets":
            os.kill(pid, signal.SIGKILL)

    names = [name for name in REQUIRED if name not in SANDBOXED]
    runner = Runner(watch=kill, static_seconds_max=300)
    found = {one.check: one.verdict for one in await runner.run(subject, names)}
    assert list(found) == names
    assert {name for name, word in found.items() if word != "PASS"} == {"secrets"}


async def test_that_a_hanging_check_is_an_error(subject: Subject) -> None:
    def stop(_check: str, pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)

    (found,) = await Runner(static_seconds_max=0.5, watch=stop).run(subject, ["secrets"])
    assert found.verdict == "ERROR"
    assert "took more than" in found.reason


async def test_that_a_check_without_memory_is_an_error(cache: Path) -> None:
    """Forty million bytes of source nobody could parse in the memory there is: no answer, no PASS,
    and the process is gone."""
    import resource

    def starve(_check: str, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_AS, (1 << 20, 1 << 20))

    huge = b"x = [" + b"[1], " * 50_000 + b"]\n"
    files = dict(hpx.unpack(release()).files)
    artifact = hpx.pack({**files, "more.py": huge})
    subject = Subject(artifact, str(cache), None, (), TODAY)
    (found,) = await Runner(watch=starve).run(subject, ["dynamic_code"])
    assert found.verdict == "ERROR"


async def test_that_a_subject_that_is_no_archive_is_an_error(cache: Path) -> None:
    report = await Runner().run(Subject(b"nonsense", str(cache)), ["manifest", "boots"])
    assert [one.verdict for one in report] == ["ERROR", "ERROR"]


async def test_that_a_name_nobody_knows_is_an_error(subject: Subject) -> None:
    (found,) = await Runner().run(subject, ["virus_scan"])
    assert found.verdict == "ERROR"


@pytest.mark.timeout(600)
async def test_that_all_checks_pass_an_honest_release_and_leave_nothing_behind(
    subject: Subject,
) -> None:
    pids = []
    patient = partial(Runner, static_seconds_max=300, sandbox_seconds_max=900)
    runner = patient(watch=lambda _name, pid: pids.append(pid))
    report = await runner.run(subject)
    assert [one.check for one in report] == list(REQUIRED)
    assert [one for one in report if one.verdict != "PASS"] == []
    assert report == await patient().run(subject), "the same report each time"
    for pid in set(pids):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_that_a_run_that_is_cut_leaves_no_process(subject: Subject) -> None:
    started: list[int] = []
    running = asyncio.create_task(
        Runner(watch=lambda _name, pid: started.append(pid)).run(subject, ["boots"])
    )
    while not started:
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def test_that_form_is_never_waived() -> None:
    assert not WAIVABLE & set(FORMAL)
    assert "boots" not in WAIVABLE
    assert set(REQUIRED) >= WAIVABLE


def test_that_nothing_of_the_server_s_surroundings_reaches_a_check(
    monkeypatch: pytest.MonkeyPatch, subject: Subject
) -> None:
    monkeypatch.setenv("HP_MASTER_KEY", "of the house")
    seen: list[bytes] = []

    def look(_check: str, pid: int) -> None:
        seen.append(Path(f"/proc/{pid}/environ").read_bytes())

    asyncio.run(Runner(watch=look).run(subject, ["secrets"]))
    if sys.platform == "linux":
        assert seen
        assert b"HP_MASTER_KEY" not in seen[0]
