"""What reviewers see: the queue in the right order, and all that a signature will be bound to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.full_registry import REVIEWERS, FullRegistry
from fakes.publishing import CODE, Publisher, artifact, manifest
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_registry import house
from hyperpersonal_registry.api import Policy, Verdict
from hyperpersonal_registry.policy import PURE
from hyperpersonal_registry.reviews import urgency
from hyperpersonal_registry.reviews.desk import Desk
from hyperpersonal_registry.reviews.quarantine import Quarantines
from hyperpersonal_registry.reviews.urgency import Facts
from hyperpersonal_registry.verdicts import report_hash
from hyperpersonal_sdk import hpx, signing
from hyperpersonal_sdk.manifest import read
from hyperpersonal_sdk.permission_change import PermissionChange
from msgspec.structs import replace

AT = datetime(2026, 11, 22, tzinfo=UTC)
MONEY = ("money:refund<=10.00 USD/turn", "knowledge:read")
EQUAL = PermissionChange("equal")
BRINGS = [Verdict("vendored", "PASS", detail=("wheels/a.whl: brings a 1.0 along",))]


@pytest.fixture
async def full(db: Database, tmp_path: Path) -> FullRegistry:
    return await FullRegistry.open(
        db, tmp_path, Policy((*PURE, "extra"), waivable=frozenset({"extra"}))
    )


def report(word: str = "PASS", *detail: str) -> list[Verdict]:
    return [Verdict(name, "PASS") for name in PURE] + [Verdict("extra", word, "Odd.", detail)]


async def handed_in(full: FullRegistry, packed: bytes, told: list[Verdict] | None = None) -> str:
    found = await house.submit(full.registry, packed, full.publisher.key)
    await full.registry.record_verdicts(found.digest, told or report())
    return found.digest


async def test_that_the_dossier_holds_all_that_a_review_binds(full: FullRegistry) -> None:
    first = artifact(manifest(asks=("knowledge:read",)), old="gone = 1\n")
    assert (await full.publish(first, report=report())).state == "published"
    packed = artifact(manifest(version="1.1.0", asks=MONEY), hello=CODE.replace("Hi", "Hello"))
    digest = await handed_in(full, packed, report("PASS", "hello.py:4 looks odd"))
    await house.review(full.registry, packed, REVIEWERS[0])
    found = await Desk(full.registry.ground).dossier(digest)
    said = hpx.unpack(packed).manifest
    assert found.digest == digest
    assert found.permissions == signing.permission_hash(said)
    assert found.report == report_hash(report("PASS", "hello.py:4 looks odd"))
    assert found.manifest == said
    assert (found.previous, found.change.kind) == ("1.0.0", "new_data")
    assert found.change.gained == ("money:refund<=10.00 USD/turn",)
    assert [risk.code for risk in found.risks] == ["moves_money"]
    assert [(f.path, f.change) for f in found.sources.files] == [
        ("hello.py", "changed"), ("old.py", "removed"), ("plugin.toml", "changed"),
    ]  # fmt: skip
    assert '+plugin.reply(lambda turn, host: "Hello")' in found.sources.files[0].lines
    (review,) = found.reviews
    assert (review.name, review.approves, review.counts) == ("Reviewer 1", True, True)
    assert (found.item.needed, found.item.approved) == (2, 1)
    assert (found.publisher.namespace, found.publisher.releases) == ("acme", 1)
    assert not found.item.overdue
    codes = {factor.code for factor in found.item.factors}
    assert codes == {"moves_money", "permissions", "new_publisher", "remarks"}


async def test_that_a_release_is_compared_with_what_merchants_run_not_with_what_was_taken_away(
    full: FullRegistry,
) -> None:
    desk, ground = Desk(full.registry.ground), full.registry.ground
    assert (await full.publish(artifact(manifest()), report=report())).state == "published"
    bad = artifact(manifest(version="1.1.0", asks=MONEY))
    assert (await full.publish(bad, report=report())).state == "published"
    digest = await handed_in(full, artifact(manifest(version="1.2.0", asks=MONEY)))
    assert (await desk.dossier(digest)).previous == "1.1.0"
    await Quarantines(ground).begin("acme/hello", "1.1.0", "It moves money it should not.", "x")
    found = await desk.dossier(digest)
    assert (found.previous, found.change.gained) == ("1.0.0", MONEY[:1])
    older = await handed_in(full, artifact(manifest(version="0.9.1")))
    assert (await desk.dossier(older)).previous == "1.0.0"


async def test_that_a_review_of_an_older_report_is_shown_as_such(full: FullRegistry) -> None:
    packed = artifact(manifest(asks=MONEY))
    digest = await handed_in(full, packed)
    await house.review(full.registry, packed, REVIEWERS[0])
    await full.registry.record_verdicts(digest, report("PASS", "looked again"))
    found = await Desk(full.registry.ground).dossier(digest)
    assert ([r.counts for r in found.reviews], found.item.approved) == ([False], 0)


async def test_that_the_riskiest_waits_first_and_decided_ones_not_at_all(
    full: FullRegistry,
) -> None:
    await handed_in(full, artifact(manifest("acme/plain")))
    await handed_in(full, artifact(manifest("acme/payer", asks=MONEY)))
    appealed = await handed_in(full, artifact(manifest("acme/odd")), report("FAIL"))
    await full.registry.appeal(appealed, "It is odd on purpose.")
    await handed_in(full, artifact(manifest("acme/bad")), report("FAIL"))
    done = artifact(manifest("acme/done"))
    await handed_in(full, done)
    await house.review(full.registry, done, REVIEWERS[0])
    queue = await Desk(full.registry.ground).queue()
    assert [item.plugin_id for item in queue] == ["acme/payer", "acme/odd", "acme/plain"]
    assert [item.appealed for item in queue] == [False, True, False]
    assert queue[1].needed == 1


class Counting:
    """A database whose statements are counted."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.asked: list[str] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with self._db.transaction() as connection:
            with connection.query_logger(lambda record: self.asked.append(record.query)):
                yield connection


async def statements(full: FullRegistry) -> tuple[int, int]:
    """How many rows wait, and how often the database was asked for them."""
    counting: Any = Counting(full.db)
    queue = await Desk(replace(full.registry.ground, db=counting)).queue()
    return len(queue), len(counting.asked)


async def test_that_a_full_desk_asks_no_more_often_than_one_with_one_row(
    full: FullRegistry,
) -> None:
    assert (await full.publish(artifact(manifest()), report=report())).state == "published"
    digest = await handed_in(full, artifact(manifest(version="1.1.0", asks=MONEY)))
    rows, asked = await statements(full)
    assert rows == 1
    await copied(full.db, digest, 199)
    assert await statements(full) == (200, asked)
    (before,) = {item.factors for item in await Desk(full.registry.ground).queue()}
    assert "permissions" in {factor.code for factor in before}, "each was compared with 1.0.0"


async def copied(db: Database, digest: str, times: int) -> None:
    """Submissions of later versions that say the same, with their verdicts."""
    async with db.transaction() as connection:
        await connection.execute(_COPY, digest, times)
        await connection.execute(_COPY_VERDICTS, digest)


_COPY = """
insert into registry.submissions (digest, plugin_id, version, namespace, manifest, envelope, key_id,
       artifact_bytes, sha256, metadata, submitted_at, state, why, run)
select digest || n, plugin_id, '1.2.' || n, namespace, manifest, envelope, key_id, artifact_bytes,
       sha256, metadata, submitted_at, state, why, run
  from registry.submissions, generate_series(1, $2::int) as n where digest = $1"""
_COPY_VERDICTS = """
insert into registry.verdicts (digest, run, name, verdict, reason, detail, at)
select s.digest, v.run, v.name, v.verdict, v.reason, v.detail, v.at
  from registry.verdicts v, registry.submissions s
 where v.digest = $1 and s.digest <> $1 and s.digest like $1 || '%'"""


async def test_that_a_first_submission_and_an_unknown_digest_have_an_answer(
    full: FullRegistry,
) -> None:
    other = Publisher(2)
    await full.registry.create_namespace("other", other.public)
    found = await house.submit(full.registry, artifact(manifest("other/new")), other.key)
    dossier = await Desk(full.registry.ground).dossier(found.digest)
    assert (dossier.previous, dossier.change.kind) == ("", "first")
    assert dossier.publisher.first_release_at is None
    assert dossier.item.state == "submitted"
    with pytest.raises(NotFoundError):
        await Desk(full.registry.ground).dossier("sha256:0")


async def test_that_what_is_overdue_comes_before_what_is_risky(
    full: FullRegistry, db: Database
) -> None:
    await handed_in(full, artifact(manifest("acme/plain")))
    late = Facts(read(manifest()), EQUAL, [], AT)
    assert urgency.due_at(late) == AT + timedelta(days=3)
    appealed = Facts(read(manifest()), EQUAL, [], AT, appealed_at=AT + timedelta(days=9))
    assert urgency.due_at(appealed) == AT + timedelta(days=10)
    later = FixedClock(datetime.now(UTC) + timedelta(days=4))

    await handed_in(full, artifact(manifest("acme/payer", asks=MONEY)))
    async with db.transaction() as connection:
        await connection.execute(
            "update registry.submissions set submitted_at = $1 where plugin_id = 'acme/payer'",
            later.now(),
        )
    queue = await Desk(replace(full.registry.ground, clock=later)).queue()
    assert [(item.plugin_id, item.overdue) for item in queue] == [
        ("acme/plain", True), ("acme/payer", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (Facts(read(manifest()), EQUAL, [], AT, published_since=AT - timedelta(days=31)), []),
        (Facts(read(manifest()), EQUAL, [], AT), ["new_publisher"]),
        (
            Facts(read(manifest()), EQUAL, BRINGS, AT, AT, AT - timedelta(days=31)),
            ["appeal", "vendored"],
        ),
    ],
)
def test_that_each_reason_is_told_in_words(facts: Facts, codes: list[str]) -> None:
    found = urgency.factors(facts, AT)
    assert [factor.code for factor in found] == codes
    assert all(factor.words and factor.points > 0 for factor in found)
