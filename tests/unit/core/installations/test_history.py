"""A bundle as of a routing version: what a turn that began under it goes on with."""

from uuid import UUID

import pytest
from hyperpersonal_core.api import Installations, NewInstallation
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_core.kit.ids import Uuid7Ids
from msgspec import structs

TENANT = UUID(int=1)
READ, WRITE = "tool:commerce.orders.read", "tool:commerce.orders.write"
SHOP = NewInstallation(
    "acme/shop", "1.0.0", "sha256:1", "connector", {"connector": {"tools": ["a.b.get"]}},
    (READ, WRITE), {"greeting": "hi"},
)  # fmt: skip
NEXT = structs.replace(
    SHOP, version="2.0.0", digest="sha256:2", grants=(READ,), config={"greeting": "hello"}
)


@pytest.fixture
async def here(db: Database) -> Installations:
    async with db.transaction(TENANT) as connection:
        await connection.execute(
            "insert into tenants (tenant_id, slug, name, created_at)"
            " values ($1, 'one', 'One', now())",
            TENANT,
        )
    return elsewhere(db)


def elsewhere(db: Database) -> Installations:
    """Another process's."""
    return Installations(db, SystemClock(), Uuid7Ids())


async def test_that_every_process_gives_the_bundle_a_turn_began_with(
    here: Installations, db: Database
) -> None:
    installed = await here.install(TENANT, SHOP)
    then = await here.bundle(TENANT)
    there = elsewhere(db)
    await there.update(await there.get(TENANT, installed), NEXT)
    now = await there.bundle(TENANT)
    assert now.version > then.version
    for process in (here, there, elsewhere(db)):
        old = (await process.bundle(TENANT, then.version)).installations[installed]
        new = (await process.bundle(TENANT, now.version)).installations[installed]
        assert (old.digest, old.config, new.digest) == ("sha256:1", {"greeting": "hi"}, "sha256:2")
        assert new.config == {"greeting": "hello"}
        assert (await process.bundle(TENANT)).version == now.version


async def test_that_an_old_turn_has_no_grant_that_was_taken_back(
    here: Installations, db: Database
) -> None:
    installed = await here.install(TENANT, SHOP)
    then = await here.bundle(TENANT)
    await here.grant(await here.get(TENANT, installed), [READ])
    old = (await elsewhere(db).bundle(TENANT, then.version)).installations[installed]
    assert old.grants == (READ,)


async def test_that_an_old_turn_gets_no_grant_that_came_later(
    here: Installations, db: Database
) -> None:
    installed = await here.install(TENANT, structs.replace(SHOP, grants=(READ,)))
    then = await here.bundle(TENANT)
    await here.grant(await here.get(TENANT, installed), [READ, WRITE])
    old = (await elsewhere(db).bundle(TENANT, then.version)).installations[installed]
    assert old.grants == (READ,)


async def test_that_what_was_removed_or_switched_off_is_gone_for_old_turns_too(
    here: Installations, db: Database
) -> None:
    installed = await here.install(TENANT, SHOP)
    then = await here.bundle(TENANT)
    await here.switch(TENANT, installed, enabled=False)
    assert (await elsewhere(db).bundle(TENANT, then.version)).server_of("a.b.get") is None
    await here.uninstall(TENANT, installed)
    assert await here.before(TENANT, installed) is None
    assert (await elsewhere(db).bundle(TENANT, then.version)).installations == {}


async def test_that_the_release_before_is_the_last_other_one(here: Installations) -> None:
    installed = await here.install(TENANT, SHOP)
    assert await here.before(TENANT, installed) is None
    await here.update(await here.get(TENANT, installed), NEXT)
    await here.configure(await here.get(TENANT, installed), {"greeting": "hey"})
    past = await here.before(TENANT, installed)
    assert past is not None
    assert (past.version, past.config) == ("1.0.0", {"greeting": "hi"})
    gone = structs.replace(await here.get(TENANT, installed), id=UUID(int=9))
    with pytest.raises(NotFoundError):
        await here.update(gone, NEXT)
