"""Two members and the job that updates by itself, all at once on one shop, killed at any commit.

Laws, from what the database itself noted in each transaction:
1. A right is gained only in the transaction of a consent to it; one that was taken stays taken.
2. A bundle gives each plugin what was consented to with it at most once a run.
3. What is pinned is replaced by nobody.
4. What serves was tried; a plugin is installed at most once; no row is half there for ever.
5. Receipts name what served, and everything can go on afterwards.

`HP_MERCHANT_DAYS`: how many days (default 3), of 50 deeds of each.
"""

import asyncio
import contextlib
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.api import ReceiptKeys, ReceiptSealer, StaticEmbedder
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.receipts.reading import receipts_after
from hyperpersonal_marketplace.api import InstallRefusedError
from hyperpersonal_registry.api import FolderBlobs, Registry
from hyperpersonal_sdk.capabilities import CapabilitySet
from simulation.market.at_once import (
    GIVEN_WITH_BUNDLE,
    LEDGER,
    NO_LEDGER,
    PLUGINS,
    READ,
    VERSIONS,
    KilledError,
    Process,
    Street,
)

DAYS = int(os.environ.get("HP_MERCHANT_DAYS", "3"))
DEEDS, SEED = 50, 20261123
DAYS_FOR_ALL = 30
AT = datetime(2026, 11, 23, tzinfo=UTC)
NEW_TENANT = "insert into tenants (tenant_id, slug, name, created_at) values ($1, 'shop', 'S', $2)"
MEMBERS_DO = {
    "install": 6, "consent": 6, "update": 5, "rollback": 3, "configure": 2, "follow": 4,
    "switch": 2, "uninstall": 2, "compose": 1, "roll_out": 3, "end_rollout": 3, "apply": 3,
    "resume": 2, "back": 1, "use": 4,
}  # fmt: skip
JOB_DOES = {"by_itself": 3, "use": 1}


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[Any]:
    """A connection as the owner of the tables, with the ledger in place."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(LEDGER)
    yield connection
    await connection.execute(NO_LEDGER)
    await connection.close()


async def opened(db: Database, folder: Path, publisher: Publisher) -> Street:
    clock = FixedClock(AT)
    registry = Registry(db, FolderBlobs(folder), clock)
    await registry.create_namespace("acme", publisher.public)
    for plugin in PLUGINS:
        for version, optional in VERSIONS.items():
            packed = artifact(manifest(plugin, version, (READ,), optional))
            await registry.publish(packed, publisher.sign(packed))
    street = Street(db, registry, clock, StaticEmbedder().embed)
    await street.catalogue.follow()
    async with db.transaction(street.tenant) as connection:
        await connection.execute(NEW_TENANT, street.tenant, AT)
    return street


@pytest.mark.timeout(300 + 60 * DAYS)
async def test_that_members_and_the_updater_at_once_keep_every_law(
    db: Database, owner: Any, tmp_path: Path
) -> None:
    street, told = await opened(db, tmp_path, Publisher()), Counter[str]()
    for day in range(DAYS):
        chances = [random.Random(SEED + 10 * day + number) for number in range(3)]
        does = (MEMBERS_DO, MEMBERS_DO, JOB_DOES)
        deeds = [live(street, *one, told) for one in zip(chances, does, strict=True)]
        await asyncio.gather(*deeds)
        await nothing_is_stuck(street)
    await laws_hold(street, owner)
    await receipts_agree(street, tmp_path, told["killed"])
    print(f"{DAYS} days: {dict(sorted(told.items()))}")
    rare = (*MEMBERS_DO, "killed") if DAYS >= DAYS_FOR_ALL else ()  # in few days it may not come
    assert all(told[name] for name in ("consent", "update", "follow", "use", *rare)), told


async def live(
    street: Street, chance: random.Random, does: dict[str, int], told: Counter[str]
) -> None:
    """Fifty deeds, each in the process of before, or in a new one where that was killed."""
    process = Process(street, chance)
    for _ in range(DEEDS):
        process.goes_on()
        (name,) = chance.choices(list(does), weights=list(does.values()))
        act: Callable[[], Awaitable[None]] = getattr(process, name)
        try:
            await act()
            told[name] += 1
        except RefusedError as error:
            told[f"refused: {error.code}"] += 1
        except OutsideError:
            told["database busy"] += 1
        except KilledError:
            told["killed"] += 1
            process = Process(street, chance)


async def nothing_is_stuck(street: Street) -> None:
    """After a while a fresh process ends what was begun, and installs what is not there."""
    street.clock.at += timedelta(minutes=3)
    process = Process(street, random.Random(SEED), mortal=False)
    runs = await process.bundles.runs(street.tenant)
    if any(run.state == "running" for run in runs):
        ended = await process.bundles.rollback(street.tenant)
        assert ended.state == "rolled_back"
    there = {one.plugin_id for one in await process.installations.list(street.tenant)}
    for plugin in set(PLUGINS) - there:
        await until_it_runs(process, plugin)


async def until_it_runs(process: Process, plugin: str) -> None:
    """A trial may say a few times that it traps; nothing else may be in the way."""
    for _ in range(20):
        with contextlib.suppress(InstallRefusedError):
            await process.installer.install(process.tenant, plugin, "1.0.0", grants=[READ])
            return
    raise AssertionError("it never ran")


async def laws_hold(street: Street, owner: Any) -> None:
    given = await owner.fetch("select * from test_consents")
    consents = {(row["tx"], row["id"]): row["kind"] for row in given}
    before: dict[UUID, Any] = {}
    for row in await owner.fetch("select * from test_states order by n"):
        if (old := before.get(row["id"])) is not None:
            gains_only_what_was_given(old, row, consents.get((row["tx"], row["id"])))
            assert row["follow"] != "pin" or row["digest"] == old["digest"], (old, row)
        assert row["tried"] or not row["enabled"], row
        assert not row["tried"] or (row["id"], row["digest"]) in street.good, row
        before[row["id"]] = row
    await each_run_gave_once(owner)
    await no_plugin_is_there_twice(owner)


def gains_only_what_was_given(old: Any, new: Any, consent: str | None) -> None:
    had, has = CapabilitySet.parse(old["grants"]), CapabilitySet.parse(new["grants"])
    if consent == "whole":
        return
    gained = has.beyond(had).texts
    assert gained in (((), (GIVEN_WITH_BUNDLE,)) if consent else ((),)), (old, new, consent)


async def each_run_gave_once(owner: Any) -> None:
    given = await owner.fetch("""select run, id, count(*) as n from test_consents
      where kind = 'more' group by run, id""")
    assert all(row["run"] is not None and row["n"] == 1 for row in given), given


async def no_plugin_is_there_twice(owner: Any) -> None:
    there = await owner.fetch("select plugin_id, tried, enabled from installations")
    assert sorted(row["plugin_id"] for row in there) == sorted(PLUGINS)
    assert all(row["tried"] for row in there), "what a killed process left was cleared away"


async def receipts_agree(street: Street, folder: Path, killed: int) -> None:
    """Every call of every turn, under the release its turn's bundle had."""
    await ReceiptSealer(street.db, ReceiptKeys(folder / "receipt.keys")).seal_all()
    served: dict[UUID, set[tuple[str, str]]] = {}
    after = 0
    async with street.db.transaction(street.tenant) as connection:
        while found := await receipts_after(connection, street.tenant, after):
            for one in found:
                after = one.number
                ran = (one.plugin.partition("@")[0], one.release)
                served.setdefault(UUID(one.turn), set()).add(ran)
    ran_something = {turn: ran for turn, ran in street.turns.items() if ran}
    assert served == {turn: ran_something[turn] for turn in served}
    assert len(ran_something) - len(served) <= killed, "a turn without receipts never ended"
