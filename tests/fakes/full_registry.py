"""A registry as the product has it: trust metadata, reviewers, and a host that believes in it."""

from collections.abc import Sequence
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fakes.publishing import Publisher, artifact
from hyperpersonal_core.kit.clock import Clock, SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_registry import house, naming
from hyperpersonal_registry.api import (
    FolderBlobs,
    Policy,
    Registry,
    ReleaseRefusedError,
    Signer,
    Submission,
    Verdict,
)
from hyperpersonal_registry.trust.keeper import Keeper, from_database
from hyperpersonal_registry.trust.key_folder import first_root
from hyperpersonal_registry.trust.reader import Trust
from hyperpersonal_registry.trust.roles import Lifetimes, OnlineKeys
from hyperpersonal_registry.trust.store import MetadataStore
from hyperpersonal_sdk import hpx


def key(number: int) -> Ed25519PrivateKey:
    """The same key for the same number (1 to 255)."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


ONLINE = OnlineKeys(key(201), key(202), key(203), key(204))
HOLDERS = [key(211), key(212), key(213)]
REVIEWERS = [key(221), key(222)]
ADMIN = key(231)
SIGNER = Signer("registry.example/log", key(205))


class FullRegistry:
    """Registry and one host. `registry`: what everybody hands things in to; `host`: another
    process's, which loads."""

    def __init__(self, db: Database, folder: Path, policy: Policy, clock: Clock) -> None:
        self.db, self.folder, self.policy, self.clock = db, folder, policy, clock
        self.blobs = FolderBlobs(folder / "blobs")
        self.lifetimes = Lifetimes()
        self.root = b""
        self.publisher = Publisher(1)

    @classmethod
    async def open(
        cls,
        db: Database,
        folder: Path,
        policy: Policy | None = None,
        lifetimes: Lifetimes | None = None,
    ) -> "FullRegistry":
        """A ceremony was held, two people review, publisher 1 owns acme; `policy`: checks of the
        form and reviews by risk, when left out."""
        made = cls(db, folder, policy or Policy(Policy.private().checks), SystemClock())
        made.lifetimes = lifetimes or Lifetimes()
        now = made.clock.now()
        made.root = first_root(ONLINE, HOLDERS, 2, now, made.lifetimes, log=SIGNER.public)
        store = MetadataStore(ONLINE, made.clock, made.lifetimes)
        async with db.transaction() as connection:
            await store.found(connection, made.root)
        made.registry = made.again()
        for number, reviewer in enumerate(REVIEWERS, 1):
            await made.registry.people.add(raw(reviewer), f"Reviewer {number}", "reviewer")
        await made.registry.people.add(raw(ADMIN), "Admin", "admin")
        assert not await naming.hold(made.registry, HOLDERS)
        await made.registry.create_namespace("acme", made.publisher.public)
        made.host = made.new_host()
        return made

    registry: Registry
    host: Registry

    def again(self, db: Database | None = None) -> Registry:
        """The registry as another process opens it; `db`: its own way to the database."""
        store = MetadataStore(ONLINE, self.clock, self.lifetimes)
        rules = {"policy": self.policy, "metadata": store}
        return Registry(db or self.db, self.blobs, self.clock, SIGNER, **rules)  # type: ignore[arg-type]

    def new_host(self, name: str = "host") -> Registry:
        """Another process with sandboxes, without keys; with what it believed before."""
        return Registry(self.db, self.blobs, self.clock, keeper=self.keeper(name))

    def keeper(self, name: str) -> Keeper:
        """What the host of this name believes; it goes on from what is in its folder."""
        return Keeper(Trust(self.folder / name, self.root), from_database(self.db))

    async def publish(
        self,
        artifact: bytes,
        publisher: Publisher | None = None,
        report: Sequence[Verdict] = (),
    ) -> Submission:
        """Through every step; `report`: what the checks say, where the policy asks for more."""
        signer = (publisher or self.publisher).key
        told = (lambda _: report) if report else None
        return await house.publish(self.registry, artifact, signer, REVIEWERS, told)


def raw(private: Ed25519PrivateKey) -> bytes:
    """The public half, 32 bytes."""
    return private.public_key().public_bytes_raw()


HELLO = hpx.unpack(artifact()).digest


async def load(registry: Registry, digest: str = HELLO) -> str:
    """The digest when it may be loaded, else why not."""
    try:
        return (await registry.load(digest)).digest
    except ReleaseRefusedError as error:
        return error.reason


async def attack(dsn: str, statement: str, *given: object) -> None:
    """What the database's owner can do."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(statement, *given)
    finally:
        await connection.close()
