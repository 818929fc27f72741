"""Reviewers are named by the root's holders; what each host verifies of their reviews."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fakes.full_registry import HOLDERS, REVIEWERS, FullRegistry, key, load, raw
from fakes.publishing import artifact, manifest
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError
from hyperpersonal_registry import house, naming
from hyperpersonal_registry.api import (
    Policy,
    PublishRefusedError,
    Registry,
    Submission,
    ceremony,
    report_hash,
)
from hyperpersonal_registry.trust import store, verified
from hyperpersonal_registry.trust.roles import REVIEWS, is_bin
from hyperpersonal_sdk import hpx, signing
from hyperpersonal_sdk.attestations import Review, attest
from hyperpersonal_sdk.dsse import key_id
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import Metadata, Root

HELLO = artifact()
NEWCOMER = key(77)


@pytest.fixture
async def full(db: Database, tmp_path: Path) -> FullRegistry:
    return await FullRegistry.open(db, tmp_path)


def approval(found: Submission, reviewer: Ed25519PrivateKey) -> bytes:
    seen = (found.digest, signing.permission_hash(found.manifest), report_hash([]))
    return attest(Review(*seen, "approved", "Read it again.", datetime.now(UTC)), reviewer)


async def test_that_a_newcomer_reviews_once_the_root_names_it(full: FullRegistry) -> None:
    await full.registry.people.add(raw(NEWCOMER), "Newcomer", "reviewer")
    await house.submit(full.registry, HELLO, full.publisher.key)
    with pytest.raises(PublishRefusedError, match="does not name") as error:
        await house.review(full.registry, HELLO, NEWCOMER)
    assert error.value.reason == "not_named"
    assert await naming.is_due(full.registry.ground)
    half = await naming.hold(full.registry, HOLDERS[:1])
    named = ceremony.reviewers_of(Metadata[Root].from_bytes(half).signed)
    assert set(named) == {raw(one) for one in (*REVIEWERS, NEWCOMER)}
    await full.registry.change_root(ceremony.signed(half, HOLDERS[2:]))
    assert not await naming.is_due(full.registry.ground)
    assert (await house.review(full.registry, HELLO, NEWCOMER)).state == "published"
    assert await load(full.host) == hpx.unpack(HELLO).digest


async def test_that_who_left_is_not_named_again(full: FullRegistry) -> None:
    await full.registry.people.revoke(key_id(raw(REVIEWERS[0])), "Left.")
    assert not await naming.hold(full.registry, HOLDERS)
    async with full.db.transaction() as connection:
        data = await store.read(connection, "3.root.json")
    assert data is not None
    assert list(ceremony.reviewers_of(Metadata[Root].from_bytes(data).signed)) == [
        raw(REVIEWERS[1])
    ]
    with pytest.raises(ConflictError):
        await full.registry.people.add(raw(REVIEWERS[0]), "Again", "reviewer")
    assert not await naming.is_due(full.registry.ground)


async def test_that_a_registry_without_trust_names_nobody(db: Database, full: FullRegistry) -> None:
    bare = Registry(db, full.blobs, full.clock, policy=Policy.private())
    assert not await naming.is_due(bare.ground)
    assert await naming.hold(bare, HOLDERS) == b""
    with pytest.raises(ConflictError, match="no root yet"):
        await naming.draft(bare.ground)


async def test_that_reviews_of_what_is_published_can_be_given_again(full: FullRegistry) -> None:
    """A reviewer leaves; another one stands for what it had let pass."""
    found = await full.publish(HELLO)
    await full.registry.people.revoke(key_id(raw(REVIEWERS[0])), "Left.")
    assert await load(full.new_host("later"), found.digest) == "unreviewed"
    with pytest.raises(PublishRefusedError, match="needs 1"):
        await full.registry.stand_for(found.digest, [approval(found, key(66))])
    await full.registry.stand_for(found.digest, [approval(found, REVIEWERS[1])])
    assert await load(full.new_host("last"), found.digest) == found.digest


async def test_that_a_host_verifies_the_reviews_of_what_it_loads(full: FullRegistry) -> None:
    """The rest is kept, and costs nothing at the next start."""
    packed = [artifact(manifest(version=f"1.{n}.0")) for n in range(6)]
    for one in packed:
        await full.publish(one)
    keeper = full.keeper("host")
    await keeper.refresh()
    keeper.trust.forget()
    keeper.trust.admit("acme/hello", "1.3.0", packed[3])
    updater = keeper.trust._known().updater
    parts = [name for name in verified.delegated(updater) if is_bin(name)]
    loaded = [name for name in parts if updater._trusted_set.contains(name, REVIEWS)]
    assert len(loaded) == 1 < len(parts)
    for number, one in enumerate(packed):
        assert keeper.trust.admit("acme/hello", f"1.{number}.0", one)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=70),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=70), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_that_whatever_stands_in_a_root_names_keys_or_nobody(found: object) -> None:
    root = Root(version=1, roles=None)
    root.unrecognized_fields[ceremony.REVIEWERS] = found
    assert all(len(one) == 32 for one in ceremony.reviewers_of(root))
