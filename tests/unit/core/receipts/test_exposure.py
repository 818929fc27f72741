"""Whom a release reached is known at once, and is what the receipts say."""

import os
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
import pytest
from hyperpersonal_core.api import Exposed, Exposures, Tenants
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.receipts.due import DueCall
from hyperpersonal_core.receipts.keys import ReceiptKeys
from hyperpersonal_core.receipts.sealer import ReceiptSealer

RECEIPTS = int(os.environ.get("HP_EXPOSURE_RECEIPTS", "5000"))
AT = datetime(2026, 11, 22, tzinfo=UTC)


def call(digest: str, number: int, **units: int) -> DueCall:
    plugin = f"acme/{digest.removeprefix('sha256:')}@1.0.0"
    return DueCall(plugin, digest, str(number), "reply", "ok", "aa", {"calls": 1, **units})


async def ended(
    db: Database, tenant: UUID, turn: int, calls: list[DueCall], at: datetime = AT
) -> None:
    async with db.transaction(tenant) as connection:
        await connection.execute(
            "insert into receipts_due (tenant_id, turn_id, at, calls) values ($1, $2, $3, $4)",
            tenant, UUID(int=turn), at, msgspec.msgpack.encode(calls),
        )  # fmt: skip


@pytest.fixture
def sealer(db: Database, tmp_path: Path) -> ReceiptSealer:
    return ReceiptSealer(db, ReceiptKeys(tmp_path / "receipt.keys"))


@pytest.fixture
async def tenants(db: Database) -> list[UUID]:
    service = Tenants(db, SystemClock(), Uuid7Ids())
    return [(await service.create_tenant(slug, slug.title())).id for slug in ("one", "two")]


async def test_that_every_tenant_and_call_of_a_release_is_found(
    db: Database, sealer: ReceiptSealer, tenants: list[UUID]
) -> None:
    one, two = tenants
    later = AT + timedelta(hours=3)
    await ended(db, one, 1, [call("sha256:bad", 1, requests=2, bytes_out=70)])
    await ended(db, one, 2, [call("sha256:bad", 1, bytes_out=5), call("sha256:ok", 2)], later)
    await ended(db, two, 3, [call("sha256:bad", 1)])
    await sealer.seal_all()
    await ended(db, one, 4, [call("sha256:bad", 1)], later)
    await sealer.seal_all()
    first, second = await Exposures(db).of(["sha256:bad"])
    assert (first.slug, first.name, first.calls) == ("one", "One", 3)
    assert (first.requests, first.bytes_out) == (2, 75)
    assert (first.first_at, first.last_at) == (AT, later)
    assert (second.slug, second.calls) == ("two", 1)
    calls = await Exposures(db).calls(one, "sha256:bad")
    assert [c.turn for c in calls] == [str(UUID(int=n)) for n in (1, 2, 4)]
    assert [c.number for c in await Exposures(db).calls(one, "sha256:bad", 1)] == [2, 4]
    assert await Exposures(db).calls(two, "sha256:ok") == []
    assert await Exposures(db).of(["sha256:unknown"]) == []


async def test_that_a_tenant_sees_what_served_it_and_nothing_of_others(
    db: Database, sealer: ReceiptSealer, tenants: list[UUID]
) -> None:
    one, two = tenants
    await ended(db, one, 1, [call("sha256:a", 1)])
    await ended(db, two, 2, [call("sha256:b", 1)])
    await sealer.seal_all()
    found = await Exposures(db).served(one, AT - timedelta(days=1))
    assert [(s.digest, s.plugin_id, s.version) for s in found] == [("sha256:a", "acme/a", "1.0.0")]
    assert await Exposures(db).served(one, AT + timedelta(days=1)) == []
    async with db.transaction(one) as connection:
        assert await connection.fetchval("select count(*) from release_uses") == 1


async def test_that_what_is_added_up_is_what_the_receipts_say(
    db: Database, sealer: ReceiptSealer, tenants: list[UUID]
) -> None:
    for turn in range(60):
        digests = ("sha256:a", "sha256:b", "sha256:c")[: turn % 3 + 1]
        calls = [call(digest, n, requests=turn) for n, digest in enumerate(digests)]
        await ended(db, tenants[turn % 2], turn, calls)
        if turn % 7 == 0:
            await sealer.seal_all()
    await sealer.seal_all()
    for tenant in tenants:
        async with db.transaction(tenant) as connection:
            lines = await connection.fetch("select line from receipts")
            uses = await connection.fetch("select digest, calls, requests from release_uses")
        calls, requests = Counter[str](), Counter[str]()
        for row in lines:
            receipt = msgspec.json.decode(row["line"])["receipt"]
            calls[receipt["release"]] += 1
            requests[receipt["release"]] += receipt["units"].get("requests", 0)
        assert {row["digest"]: (row["calls"], row["requests"]) for row in uses} == {
            digest: (count, requests[digest]) for digest, count in calls.items()
        }


async def test_that_an_installation_without_calls_is_exposed_too(
    db: Database, dsn: str, tenants: list[UUID]
) -> None:
    await install(dsn, tenants[1], "sha256:bad", ["kv:1MiB"])
    (found,) = await Exposures(db).of(["sha256:bad"])
    assert isinstance(found, Exposed)
    assert (found.slug, found.calls, found.first_at) == ("two", 0, None)
    assert (found.installed, found.grants) == (True, ["kv:1MiB"])


async def install(dsn: str, tenant: UUID, digest: str, grants: list[str]) -> None:
    owner = await asyncpg.connect(dsn)
    await owner.execute("set session_replication_role = replica")
    await owner.execute(
        """insert into installations (tenant_id, id, plugin_id, version, digest, kind, manifest,
           grants, created_at) values ($1, $2, 'acme/bad', '1.0.0', $3, 'agent', '{}', $4, $5)""",
        tenant, UUID(int=77), digest, grants, AT,
    )  # fmt: skip
    await owner.close()


GENERATE = """
insert into receipts (tenant_id, number, turn_id, path, hash, line)
select t, n, gen_random_uuid(), '', '\\x00',
       convert_to(json_build_object('signature', '', 'receipt', json_build_object(
         'plugin', 'acme/x' || n % 20 || '@1.0.0', 'release', 'sha256:' || n % 20, 'at', n * 1000,
         'units', json_build_object('calls', 1, 'requests', n % 3)))::text, 'utf8')
  from unnest($1::uuid[]) as t, generate_series(1, $2::bigint) as n"""
ADD_UP = """
insert into release_uses (tenant_id, digest, plugin_id, version, calls, requests, first_at, last_at,
                          first_number, last_number)
select tenant_id, j->>'release', 'acme/x', '1.0.0', count(*),
       sum((j->'units'->>'requests')::bigint), to_timestamp(min((j->>'at')::bigint) / 1000.0),
       to_timestamp(max((j->>'at')::bigint) / 1000.0), min(number), max(number)
  from (select *, convert_from(line, 'utf8')::jsonb->'receipt' as j from receipts) r
 group by tenant_id, j->>'release'"""


@pytest.mark.timeout(600)
async def test_that_the_list_is_there_at_once_however_many_receipts_there_are(
    db: Database, dsn: str
) -> None:
    """`HP_EXPOSURE_RECEIPTS=1000000` for the count that was promised."""
    tenants = [UUID(int=n) for n in range(1, 501)]
    owner = await asyncpg.connect(dsn)
    await owner.execute("set session_replication_role = replica")
    await owner.execute(GENERATE, tenants, RECEIPTS // len(tenants), timeout=500)
    await owner.execute(ADD_UP, timeout=500)
    began = time.perf_counter()
    async with owner.transaction():  # whoever read a receipt would wait here for ever
        await owner.execute("lock table receipts in access exclusive mode")
        found = await Exposures(db).of(["sha256:7", "sha256:8"])
    took_s = time.perf_counter() - began
    print(f"{RECEIPTS:,} receipts: {len(found)} exposures in {took_s * 1000:.1f} ms")
    per_tenant = RECEIPTS // len(tenants)
    assert sum(one.calls for one in found) == 500 * sum(
        n % 20 in {7, 8} for n in range(1, per_tenant + 1)
    )
    await owner.close()
