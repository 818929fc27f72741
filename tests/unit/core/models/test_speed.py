"""Speed by the hour on a real database, and drift told only where it is one."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.models.choice import Candidate
from hyperpersonal_core.models.speed import Seen, Speeds, drift

TENANT, OTHER = UUID(int=71), UUID(int=72)
NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


def candidate() -> Candidate:
    one = Installation(
        TENANT, UUID(int=5), "acme/m", "1.0.0", "sha256:m", "model", {}, (), {}, True
    )
    return Candidate(one, "big", None, "USD", 0)


def seen(ms: float, calls: int = 100, failures: int = 0) -> Seen:
    made = Seen()
    for number in range(calls):
        made.add(ms, (10, 5), failed=number < failures)
    return made


@pytest.mark.parametrize(
    ("recent", "base", "word"),
    [
        (seen(800), seen(800), ""),
        (seen(2_400), seen(800), "slower"),
        (seen(1_000), seen(800), ""),
        (seen(2_400, calls=5), seen(800), ""),
        (seen(2_400), seen(800, calls=5), ""),
        (seen(800, failures=30), seen(800), "failing"),
        (seen(800, failures=30), seen(800, failures=30), ""),
        (seen(800, failures=5), seen(800), ""),
    ],
)
def test_that_drift_is_what_got_clearly_worse(recent: Seen, base: Seen, word: str) -> None:
    assert drift(recent, base).partition(":")[0] == word


@pytest.fixture
async def speeds(db: Database) -> Any:
    for number, tenant in enumerate((TENANT, OTHER)):
        async with db.transaction(tenant) as connection:
            await connection.execute(
                "insert into tenants (tenant_id, slug, name, created_at)"
                " values ($1, $2, 'T', now()) on conflict do nothing",
                tenant, f"speed-{number}",
            )  # fmt: skip
    return Speeds(db, Hands())


async def test_that_what_processes_saw_adds_up_by_the_hour(db: Database, speeds: Speeds) -> None:
    hands = speeds._clock
    hands.at = NOW - timedelta(hours=5)
    for _ in range(30):
        speeds.saw(TENANT, candidate(), 400.0, (100, 20), failed=False)
    await speeds.flush()
    hands.at = NOW
    another = Speeds(db, hands)
    for process in (speeds, another):
        for _ in range(15):
            process.saw(TENANT, candidate(), 1_500.0, (100, 20), failed=False)
        process.saw(TENANT, candidate(), 9.0, (0, 0), failed=True)
        await process.flush()
    (found,) = await speeds.speeds(TENANT)
    assert (found.model, found.recent.calls, found.recent.failures) == ("big", 32, 2)
    assert (found.base.calls, found.base.tokens_in) == (30, 3_000)
    assert found.base.ms(0.5) <= 566 < 1_500 <= found.recent.ms(0.5)
    assert found.drift.startswith("slower: ")
    assert await speeds.speeds(OTHER) == []


async def test_that_nothing_is_lost_while_the_database_is_away(db: Database) -> None:
    class Away:
        def transaction(self, *_: UUID) -> Any:
            raise ConnectionError("away")

    watch = Speeds(db, Hands())
    watch.saw(TENANT, candidate(), 100.0, (1, 1), failed=False)
    there, watch._db = watch._db, Away()
    with pytest.raises(ConnectionError):
        await watch.flush()
    watch._db = there
    assert sum(one.calls for one in watch._new.values()) == 1
