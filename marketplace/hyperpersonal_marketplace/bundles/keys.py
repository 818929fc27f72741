"""A tenant's key for its locks: made at its first lock, kept in its vault."""

from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.vault import Vault

from hyperpersonal_marketplace.bundles import repository

PURPOSE = "bundle-key"


class BundleKeys:
    """Stateless; one a process."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    async def of(self, tenant_id: UUID) -> Ed25519PrivateKey:
        """The tenant's key; made now if it has none."""
        kept = await self._kept(tenant_id)
        if kept is None:
            made = Ed25519PrivateKey.generate()
            sealed = await self._vault.seal(tenant_id, PURPOSE, made.private_bytes_raw())
            async with self._db.transaction(tenant_id) as connection:
                public = made.public_key().public_bytes_raw()
                await repository.put_key(connection, tenant_id, public, sealed)
            kept = await self._kept(tenant_id)
            assert kept is not None
        opened = await self._vault.open(tenant_id, PURPOSE, kept[1])
        return Ed25519PrivateKey.from_private_bytes(opened)

    async def public(self, tenant_id: UUID) -> bytes | None:
        """The public half, 32 bytes; None before the first lock."""
        kept = await self._kept(tenant_id)
        return kept[0] if kept else None

    async def _kept(self, tenant_id: UUID) -> tuple[bytes, bytes] | None:
        async with self._db.transaction(tenant_id) as connection:
            return await repository.key(connection, tenant_id)
