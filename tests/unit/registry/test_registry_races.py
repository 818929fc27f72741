"""Two people, two witnesses or two files at the same moment, held at the very point that matters by
a lock that the test itself holds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fakes.full_registry import SIGNER, FullRegistry, key
from fakes.publishing import artifact, manifest
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError
from hyperpersonal_registry import house, journal
from hyperpersonal_registry.api import FolderBlobs, Trust, Visibilities
from hyperpersonal_registry.log import checkpoints
from hyperpersonal_registry.mirroring import export, take_in
from hyperpersonal_sdk.transparency import note

DEADLINE_S = 60
WAITING = """select count(*) from pg_locks
 where not granted
   and pid in (select pid from pg_stat_activity where datname = current_database())"""


@pytest.fixture
async def full(db: Database, tmp_path: Path) -> FullRegistry:
    return await FullRegistry.open(db, tmp_path)


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[Any]:
    """A connection that locks, and sees who waits."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def waiting(owner: Any, count: int) -> None:
    """Until so many stand at a lock."""
    async with asyncio.timeout(DEADLINE_S):
        while await owner.fetchval(WAITING) < count:
            await asyncio.sleep(0.01)
            await owner.execute("select pg_stat_clear_snapshot()")  # kept within a transaction


@asynccontextmanager
async def log_held(full: FullRegistry) -> AsyncIterator[None]:
    """Nobody writes to the log within: who wants to stands still with all that was read."""
    async with full.db.transaction() as connection:
        await journal.hold(connection)
        yield


async def at_once(*acting: Awaitable[Any]) -> list[Any]:
    async with asyncio.timeout(DEADLINE_S):
        return await asyncio.gather(*acting, return_exceptions=True)


async def test_that_a_private_release_is_not_opened_while_it_is_published(
    full: FullRegistry, owner: Any
) -> None:
    seen = Visibilities(full.db, full.clock)
    await seen.set("acme/hello", "private", [UUID(int=9)])
    packed = artifact(manifest())
    async with log_held(full):
        publishing = asyncio.ensure_future(house.submit(full.registry, packed, full.publisher.key))
        await waiting(owner, 1)
        opening = asyncio.ensure_future(seen.set("acme/hello", "public"))
        await waiting(owner, 2)
    done, opened = await at_once(publishing, opening)
    assert done.state == "published", "a private plugin needs nobody's review"
    assert isinstance(opened, ConflictError)
    assert (await seen.of("acme/hello")).visibility == "private"


async def test_that_what_was_just_opened_is_published_with_reviews_only(
    full: FullRegistry, owner: Any
) -> None:
    seen = Visibilities(full.db, full.clock)
    await seen.set("acme/hello", "private", [UUID(int=9)])
    packed = artifact(manifest())
    async with log_held(full):
        opening = asyncio.ensure_future(seen.set("acme/hello", "public"))
        await waiting(owner, 1)
        publishing = asyncio.ensure_future(house.submit(full.registry, packed, full.publisher.key))
        await waiting(owner, 2)
    opened, done = await at_once(opening, publishing)
    assert (opened, done.state) == (None, "checked")


async def test_that_two_witnesses_lines_at_once_are_both_kept(
    full: FullRegistry, owner: Any
) -> None:
    signed = note.parse(await full.registry.checkpoint())
    lines = [note.cosign(signed, f"witness.example/{n}", key(240 + n), 1_000) for n in (1, 2)]

    async def keep(line: note.Note) -> None:
        async with full.db.transaction() as connection:
            await checkpoints.cosign(connection, line, full.clock.now())

    async with owner.transaction():
        await owner.execute("lock table registry.checkpoints in exclusive mode")
        keeping = [asyncio.ensure_future(keep(one)) for one in lines]
        await waiting(owner, 2)
    assert await at_once(*keeping) == [None, None]
    async with full.db.transaction() as connection:
        both = await checkpoints.newest(connection, 2)
    assert both is not None
    assert len(note.parse(both).signatures) == 3


async def test_that_one_file_may_be_taken_in_by_two_at_once(
    full: FullRegistry, databases: Any, tmp_path: Path
) -> None:
    assert (await full.publish(artifact())).state == "published"
    data = await export(full.registry, SIGNER, ["acme/hello"])
    lent = await databases.take()
    far = await Database.open(lent)
    blobs, trusts = FolderBlobs(tmp_path / "far"), [
        Trust(tmp_path / f"trust{n}", full.root) for n in range(4)
    ]  # fmt: skip
    found = await at_once(*(take_in(far, blobs, full.clock, one, data) for one in trusts))
    await far.close()
    await databases.give_back(lent)
    assert [len(one.releases) for one in found] == [1, 1, 1, 1]
