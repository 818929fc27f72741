"""A submission is examined by a job, and is where its report puts it."""

from pathlib import Path

import pytest
from fakes.full_registry import FullRegistry
from fakes.publishing import Publisher
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.jobs import Job
from hyperpersonal_registry import house
from hyperpersonal_registry.api import CHECK_JOB, Policy
from hyperpersonal_registry.checks.job import Checking, ChecksUnfinishedError
from hyperpersonal_registry.checks.runner import Runner
from hyperpersonal_registry.checks.subject import Subject
from hyperpersonal_sdk.verdicts import Verdict

from .small_mail import release

STATIC = ("manifest", "sources", "secrets", "look_alike")
POLICY = Policy(STATIC)


@pytest.fixture
async def full(db: Database, tmp_path: Path) -> FullRegistry:
    return await FullRegistry.open(db, tmp_path, POLICY)


def job(digest: str) -> Job:
    return Job(1, CHECK_JOB, digest.encode(), 1)


async def test_that_a_submission_is_checked_and_waits_for_people(
    full: FullRegistry, cache: Path
) -> None:
    found = await house.submit(full.registry, release(), full.publisher.key)
    assert found.state == "submitted"
    checking = Checking(full.registry, cache)
    await checking.handle(job(found.digest))
    await checking.handle(job(found.digest))  # a second time changes nothing
    now, case, _ = await full.registry.case(found.digest)
    assert now.state == "checked"
    assert {one.check for one in case.report} == set(STATIC)


async def test_that_a_secret_rejects_it(full: FullRegistry, cache: Path) -> None:
    leaky = release("1.0.0", **{"notes.md": b"AKIAQ7RT2Z5WLKJ4HMUB\n"})
    found = await house.submit(full.registry, leaky, full.publisher.key)
    await Checking(full.registry, cache).handle(job(found.digest))
    now = await full.registry.submission(found.digest)
    assert now.state == "rejected"
    assert "notes.md:1" in now.why[0]


class Broken(Runner):
    """A run in which one scanner was lost."""

    async def run(self, subject: Subject, names: tuple[str, ...] = ()) -> list[Verdict]:  # type: ignore[override]
        return [Verdict(name, "ERROR" if name == "secrets" else "PASS") for name in names]


async def test_that_an_error_is_kept_told_and_tried_again(full: FullRegistry, cache: Path) -> None:
    found = await house.submit(full.registry, release(), full.publisher.key)
    with pytest.raises(ChecksUnfinishedError, match="secrets"):
        await Checking(full.registry, cache, runner=Broken()).handle(job(found.digest))
    waiting = await full.registry.submission(found.digest)
    assert waiting.state == "submitted"
    assert any("secrets: ERROR" in why for why in waiting.why)
    await Checking(full.registry, cache).handle(job(found.digest))
    assert (await full.registry.submission(found.digest)).state == "checked"


async def test_that_it_is_compared_with_the_release_before_and_with_other_names(
    full: FullRegistry, cache: Path
) -> None:
    checking = Checking(full.registry, cache)
    report = [Verdict(name, "PASS") for name in STATIC]
    await full.publish(release("1.0.0"), report=report)
    await full.publish(release("1.2.0"), report=report)
    other = Publisher(9)
    await full.registry.create_namespace("bluewhale", other.public)
    found = await house.submit(full.registry, release("1.1.0"), full.publisher.key)
    subject = await checking.subject(found)
    assert subject.previous == release("1.0.0")
    assert subject.others == ()
    assert subject.today == full.clock.now().date()
