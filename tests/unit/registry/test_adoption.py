"""A registry that published before it had trust metadata: what was published goes on."""

from pathlib import Path

import pytest
from fakes.full_registry import HOLDERS, ONLINE, REVIEWERS, key, raw
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_registry import house, naming
from hyperpersonal_registry.api import (
    FolderBlobs,
    Keeper,
    MetadataStore,
    Policy,
    Registry,
    ReleaseRefusedError,
    Trust,
    first_root,
    found,
    from_database,
)


async def load(registry: Registry, digest: str) -> str:
    """`loaded`, or why not."""
    try:
        await registry.load(digest)
    except ReleaseRefusedError as error:
        return error.reason
    return "loaded"


async def test_that_older_releases_are_signed_for_and_load(
    db: Database, blobs: FolderBlobs, tmp_path: Path
) -> None:
    clock, publisher = SystemClock(), Publisher()
    before = Registry(db, blobs, clock)
    await before.create_namespace("acme", publisher.public)
    packed = [artifact(), artifact(manifest("acme/pay", asks=("money:refund<=9.00 USD/turn",)))]
    old = [await before.publish(one, publisher.sign(one)) for one in packed]
    await before.people.add(raw(REVIEWERS[0]), "Ada", "reviewer")

    root = first_root(ONLINE, HOLDERS, 2, clock.now(), reviewers={raw(REVIEWERS[0]): "Ada"})
    store = MetadataStore(ONLINE, clock)
    async with db.transaction() as connection:
        await found(connection, store, root)
    policy = Policy(Policy.private().checks)
    registry = Registry(db, blobs, clock, policy=policy, metadata=store)
    await registry.people.add(raw(REVIEWERS[1]), "Grace", "reviewer")
    assert await naming.hold(registry, HOLDERS[:1]), "one holder is too few"
    assert not await naming.hold(registry, HOLDERS[:2])
    keeper = Keeper(Trust(tmp_path / "host", root), from_database(db))
    host = Registry(db, blobs, clock, keeper=keeper)
    assert {await load(host, one.digest) for one in old} == {"unknown_release"}

    assert await house.adopt(registry, old, publisher.key, REVIEWERS) == 2
    assert await house.adopt(registry, old, publisher.key, REVIEWERS) == 0
    await keeper.refresh()
    assert {await load(host, one.digest) for one in old} == {"loaded"}
    newer = artifact(manifest(version="1.1.0"))
    assert (await house.publish(registry, newer, publisher.key, REVIEWERS)).state == "published"


async def test_that_a_stranger_adopts_nothing(
    db: Database, blobs: FolderBlobs, tmp_path: Path
) -> None:

    clock, publisher = SystemClock(), Publisher()
    before = Registry(db, blobs, clock)
    await before.create_namespace("acme", publisher.public)
    old = await before.publish(artifact(), publisher.sign(artifact()))
    store = MetadataStore(ONLINE, clock)
    async with db.transaction() as connection:
        await found(connection, store, first_root(ONLINE, HOLDERS, 2, clock.now()))
    registry = Registry(db, blobs, clock, metadata=store)
    with pytest.raises(RefusedError, match="do not stand"):
        await house.adopt(registry, [old], key(66), REVIEWERS)
