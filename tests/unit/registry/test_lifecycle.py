"""A release's life at a registry with trust metadata, and what a host makes of each step."""

from pathlib import Path

import asyncpg
import pytest
from fakes.full_registry import ADMIN, REVIEWERS, FullRegistry, key
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, TooManyError
from hyperpersonal_registry import house
from hyperpersonal_registry.api import (
    Policy,
    PublishRefusedError,
    Registry,
    ReleaseRefusedError,
    Verdict,
)
from hyperpersonal_registry.handing_in import WAITING_MAX
from hyperpersonal_registry.policy import PURE
from hyperpersonal_sdk import hpx

MORE = Policy((*PURE, "extra"), waivable=frozenset({"extra"}))
RISKY = manifest("acme/payer", asks=("money:refund<=10.00 USD/turn",))
HELLO = artifact()
DIGEST = hpx.unpack(HELLO).digest


@pytest.fixture
async def full(db: Database, tmp_path: Path) -> FullRegistry:
    return await FullRegistry.open(db, tmp_path)


@pytest.fixture
async def strict(db: Database, tmp_path: Path) -> FullRegistry:
    """Its policy asks for one check more."""
    return await FullRegistry.open(db, tmp_path, MORE)


def report(word: str = "PASS", *, without: str = "") -> list[Verdict]:
    names = [name for name in MORE.checks if name != without]
    return [Verdict(n, "PASS" if n != "extra" else word, "It is odd.") for n in names]


async def load(registry: Registry, digest: str = DIGEST) -> str:
    """The digest when it may be loaded, else why not."""
    try:
        return (await registry.load(digest)).digest
    except ReleaseRefusedError as error:
        return error.reason


async def kinds(registry: Registry) -> list[str]:
    return [entry.kind for entry in await registry.journal() if entry.kind.startswith("release.")]


async def test_that_a_release_goes_from_hand_to_hand_to_a_host(full: FullRegistry) -> None:
    made = await house.submit(full.registry, HELLO, full.publisher.key)
    assert made.state == "checked"
    assert "review" in made.why[0]
    assert await load(full.host) == "unknown"
    ended = await house.review(full.registry, HELLO, REVIEWERS[0])
    assert ended.state == "published"
    assert await load(full.host) == DIGEST
    assert await kinds(full.registry) == [
        "release.submitted", "release.reviewed", "release.published",
    ]  # fmt: skip
    assert await full.registry.journal_fault() is None


async def test_that_money_needs_two_people(full: FullRegistry) -> None:
    packed = artifact(RISKY)
    await house.submit(full.registry, packed, full.publisher.key)
    first = await house.review(full.registry, packed, REVIEWERS[0])
    assert first.state == "checked"
    with pytest.raises(ConflictError, match="somebody else"):
        await house.review(full.registry, packed, REVIEWERS[0])
    second = await house.review(full.registry, packed, REVIEWERS[1])
    assert second.state == "published"
    assert await load(full.host, second.digest) == second.digest


async def test_that_strangers_and_publishers_do_not_review(full: FullRegistry) -> None:
    await house.submit(full.registry, HELLO, full.publisher.key)
    for somebody in (key(66), ADMIN, full.publisher.key):
        with pytest.raises(PublishRefusedError) as error:
            await house.review(full.registry, HELLO, somebody)
        assert error.value.reason == "unknown_key"
    assert (await full.registry.submission(DIGEST)).state == "checked"


async def test_that_a_reviewer_who_publishes_does_not_review_its_own(full: FullRegistry) -> None:
    both = Publisher(221)  # the first reviewer's key
    await full.registry.create_namespace("theirs", both.public)
    packed = artifact(manifest("theirs/hello"))
    await house.submit(full.registry, packed, both.key)
    with pytest.raises(PublishRefusedError) as error:
        await house.review(full.registry, packed, both.key)
    assert error.value.reason == "own_release"
    assert (await house.review(full.registry, packed, REVIEWERS[1])).state == "published"


async def test_that_a_missing_or_broken_check_publishes_nothing(strict: FullRegistry) -> None:
    made = await house.submit(strict.registry, HELLO, strict.publisher.key)
    assert made.state == "submitted"
    for told in ([], report(without="extra"), report("ERROR"), report("SKIPPED")):
        found = await strict.registry.record_verdicts(DIGEST, told)
        assert found.state == "submitted", told
        with pytest.raises(ConflictError):
            await house.review(strict.registry, HELLO, REVIEWERS[0])
    assert (await strict.registry.record_verdicts(DIGEST, report())).state == "checked"
    assert (await house.review(strict.registry, HELLO, REVIEWERS[0])).state == "published"


async def test_that_a_failed_check_rejects_until_people_waive_it(strict: FullRegistry) -> None:
    await house.submit(strict.registry, HELLO, strict.publisher.key)
    rejected = await strict.registry.record_verdicts(DIGEST, report("FAIL"))
    assert (rejected.state, rejected.why) == ("rejected", ("extra: It is odd.",))
    with pytest.raises(ConflictError):
        await house.submit(strict.registry, HELLO, strict.publisher.key)
    assert (await strict.registry.appeal(DIGEST, "It is odd on purpose.")).state == "checked"
    with pytest.raises(ConflictError):
        await strict.registry.appeal(DIGEST, "Again.")
    silent = await house.review(strict.registry, HELLO, REVIEWERS[0])
    assert silent.state == "checked"
    waived = await house.review(strict.registry, HELLO, REVIEWERS[1], ("extra",))
    assert waived.state == "published"


async def test_that_a_rejected_version_may_come_again_with_other_bytes(
    strict: FullRegistry,
) -> None:
    await house.submit(strict.registry, HELLO, strict.publisher.key)
    await strict.registry.record_verdicts(DIGEST, report("FAIL"))
    better = artifact(extra="good = 1\n")
    ended = await strict.publish(better, report=report())
    assert ended.state == "published"
    with pytest.raises(ConflictError):
        await strict.registry.appeal(DIGEST, "Mine was first.")
    with pytest.raises(ConflictError):
        await house.submit(strict.registry, artifact(extra="worse = 1\n"), strict.publisher.key)


async def test_that_a_review_of_an_older_report_covers_nothing(strict: FullRegistry) -> None:
    packed = artifact(RISKY)
    found = await house.submit(strict.registry, packed, strict.publisher.key)
    await strict.registry.record_verdicts(found.digest, report())
    await house.review(strict.registry, packed, REVIEWERS[0])
    changed = [*report()[:-1], Verdict("extra", "PASS", "Looked at it again.")]
    await strict.registry.record_verdicts(found.digest, changed)
    assert (await house.review(strict.registry, packed, REVIEWERS[1])).state == "checked"
    assert (await house.review(strict.registry, packed, REVIEWERS[0])).state == "published"


async def test_that_what_waits_beside_another_release_is_signed_again(full: FullRegistry) -> None:
    """Two releases of one namespace wait; each was signed as the next after the same."""
    other = artifact(manifest("acme/other"))
    await house.submit(full.registry, HELLO, full.publisher.key)
    await house.submit(full.registry, other, full.publisher.key)
    assert (await house.review(full.registry, HELLO, REVIEWERS[0])).state == "published"
    late = await house.review(full.registry, other, REVIEWERS[0])
    assert late.state == "checked"
    assert "hp plugin publish" in late.why[0]
    assert (await house.submit(full.registry, other, full.publisher.key)).state == "published"
    assert await load(full.host, late.digest) == late.digest


async def test_that_nothing_is_handed_in_without_its_metadata(full: FullRegistry) -> None:
    envelope = full.publisher.sign(HELLO)
    for metadata in (None, b"", b"{}"):
        with pytest.raises(PublishRefusedError) as error:
            await full.registry.submit(HELLO, envelope, metadata)
        assert error.value.reason == "metadata_due"
    with pytest.raises(PublishRefusedError) as error:
        await full.registry.publish(HELLO, envelope)
    assert error.value.reason == "review_due"
    with pytest.raises(NotFoundError):
        await full.registry.submission(DIGEST)


async def test_that_a_host_without_keys_changes_nothing(full: FullRegistry) -> None:
    with pytest.raises(ConflictError, match="keys"):
        await full.host.create_namespace("other", Publisher(9).public)


async def test_that_revocation_reaches_a_host_by_metadata_alone(
    full: FullRegistry, dsn: str
) -> None:
    """Whoever hides the row of a revocation cannot hide the signed word."""
    await full.publish(HELLO)
    assert await load(full.host) == DIGEST
    await full.registry.revoke("acme/hello", "1.0.0", "It steals.")
    owner = await asyncpg.connect(dsn)
    await owner.execute("update registry.releases set status = 'published', status_reason = ''")
    await owner.close()
    assert await load(full.new_host("another")) == "withdrawn"


async def test_that_one_publisher_keeps_nobody_waiting(strict: FullRegistry) -> None:
    """So many may wait for their checks; one that was checked makes room."""
    mine = [artifact(manifest(version=f"1.0.{number}")) for number in range(WAITING_MAX + 1)]
    for packed in mine[:-1]:
        made = await house.submit(strict.registry, packed, strict.publisher.key)
        assert made.state == "submitted"
    with pytest.raises(TooManyError, match="wait for their checks"):
        await house.submit(strict.registry, mine[-1], strict.publisher.key)
    again = await house.submit(strict.registry, mine[0], strict.publisher.key)
    assert again.state == "submitted", "the same one again is no other"
    await strict.registry.record_verdicts(again.digest, report())
    assert (await house.submit(strict.registry, mine[-1], strict.publisher.key)).digest
