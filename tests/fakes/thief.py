"""Somebody who holds every key that lies on the registry's machine, its database and its blobs."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fakes.full_registry import ONLINE, FullRegistry
from fakes.publishing import Publisher
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_registry import journal, releases
from hyperpersonal_registry.api import Release, report_hash
from hyperpersonal_registry.trust import namespaces
from hyperpersonal_registry.trust.repository import Repository
from hyperpersonal_registry.trust.store import MetadataStore
from hyperpersonal_sdk import hpx, signing
from hyperpersonal_sdk.attestations import Review, attest

ENDS = (datetime.now(UTC) + timedelta(days=300)).replace(microsecond=0)


class Thief:
    """`publisher`: a key of its own that it names as anybody's."""

    def __init__(self, full: FullRegistry) -> None:
        self.full = full
        self.publisher = Publisher(66)

    async def sign(self, do: Callable[[Repository], object]) -> None:
        """Change the trust metadata with all of the registry's own keys."""
        store = MetadataStore(ONLINE, SystemClock())
        async with self.full.db.transaction() as connection, store.writing(connection) as found:
            do(found)

    async def become(self, namespace: str) -> None:
        """Name itself the publisher of a namespace, in the tables and in the metadata."""
        await self.full.again().add_key(namespace, self.publisher.public)

    async def put(self, packed: bytes) -> str:
        """Publish an archive past every door: metadata, tables, blobs and log; its digest."""
        unpacked, now = hpx.unpack(packed), SystemClock().now()
        said = unpacked.manifest
        await self.full.blobs.put(unpacked.digest, packed)
        row = Release(unpacked.digest, said.id, said.version, said, self.publisher.sign(packed),
                      len(packed), now)  # fmt: skip

        def take(repository: Repository) -> None:
            # What stood there is signed by the publisher before, so the thief begins anew.
            present = repository.of(said.namespace)
            following = namespaces.with_release(present, packed, ENDS)
            data = namespaces.sign(following, self.publisher.key)
            repository.take(said.namespace, data, now)

        await self.sign(take)
        async with self.full.db.transaction() as connection:
            await releases.add(connection, row, f"{said.id}-{said.version}")
            name, told = f"{said.id}@{said.version}", {"key": "", "report": ""}
            digest = unpacked.digest
            await journal.append(connection, now, "release.published", name, digest=digest, **told)
        await self.full.again().checkpoint()
        return unpacked.digest

    async def review(self, packed: bytes, reviewers: Sequence[Ed25519PrivateKey]) -> None:
        """Let hosts have approvals by these keys."""
        unpacked = hpx.unpack(packed)
        seen = (unpacked.digest, signing.permission_hash(unpacked.manifest), report_hash([]))
        now = SystemClock().now()
        said = [attest(Review(*seen, "approved", "Fine.", now), one) for one in reviewers]
        archive = (hashlib.sha256(packed).hexdigest(), len(packed))
        await self.sign(lambda repository: repository.pass_on(archive, said, now))
