"""The registry's log as a stranger checks it: checkpoints kept, proofs asked for, nothing taken."""

import asyncio

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fakes.publishing import Publisher
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_registry.api import FolderBlobs, Registry, Signer, migrate
from hyperpersonal_sdk.errors import UntrustedError
from hyperpersonal_sdk.transparency import checkpoint, merkle

SIGNER = Signer("registry.example/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))


@pytest.fixture
async def registry(db: Database, blobs: FolderBlobs, clock: FixedClock) -> Registry:
    made = Registry(db, blobs, clock, SIGNER)
    for number in range(5):
        await made.create_namespace(f"shop{'abcde'[number]}", Publisher(number + 10).public)
    return made


async def test_that_every_entry_is_proven_to_be_in_the_signed_log(registry: Registry) -> None:
    seen = checkpoint.verify(await registry.checkpoint(), SIGNER.public)
    assert seen.size == 5
    for entry in await registry.journal():
        proof = await registry.inclusion_proof(entry.n, seen.size)
        leaf = merkle.leaf_hash(entry.data)
        merkle.verify_inclusion(leaf, entry.n - 1, seen.size, proof, seen.root)
        with pytest.raises(UntrustedError):
            merkle.verify_inclusion(leaf, entry.n % 5, seen.size, proof, seen.root)


async def test_that_the_log_proves_it_only_grew(registry: Registry) -> None:
    old = checkpoint.verify(await registry.checkpoint(), SIGNER.public)
    await registry.add_key("shopa", Publisher(40).public)
    new = checkpoint.verify(await registry.checkpoint(), SIGNER.public)
    checkpoint.verify_growth(old, new, await registry.growth_proof(old.size, new.size))
    with pytest.raises(UntrustedError):
        checkpoint.verify_growth(old, new, await registry.growth_proof(old.size - 1, new.size))


async def test_that_sizes_the_log_never_had_are_not_found(
    registry: Registry, db: Database, blobs: FolderBlobs, clock: FixedClock
) -> None:
    for sizes in ((0, 5), (6, 6), (3, 2), (-1, 3)):
        with pytest.raises(NotFoundError):
            await registry.inclusion_proof(*sizes)
        with pytest.raises(NotFoundError):
            await registry.growth_proof(*sizes)
    with pytest.raises(NotFoundError, match="does not sign"):
        await Registry(db, blobs, clock).checkpoint()


async def test_that_entries_from_before_the_log_become_its_first_leaves(
    registry: Registry, dsn: str
) -> None:
    before = [entry.hash for entry in await registry.journal()]
    owner = await asyncpg.connect(dsn)
    newest = await owner.fetchval("select version_num from alembic_version_registry")
    await owner.execute(
        """drop table registry.log_tiles; drop function registry.refuse_rewrite;
        alter table registry.journal disable trigger append_only;
        update registry.journal set hash = ''; update alembic_version_registry
        set version_num = '0001'; alter table registry.journal enable trigger append_only"""
    )
    await asyncio.to_thread(migrate, dsn, "0002")
    await owner.execute("update alembic_version_registry set version_num = $1", newest)
    await owner.close()
    assert [entry.hash for entry in await registry.journal()] == before
    assert await registry.journal_fault() is None
    seen = checkpoint.verify(await registry.checkpoint(), SIGNER.public)
    assert seen.size == len(before)
