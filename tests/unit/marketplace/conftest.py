from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from fakes.keys import vault_of
from fakes.publishing import Publisher
from hyperpersonal_core.api import Installations, Tenants
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_marketplace.api import Installer
from hyperpersonal_registry.api import FolderBlobs, Registry


class Market:
    """A publisher, the registry and a tenant's installer over one database."""

    def __init__(self, db: Database, folder: Path, tenant_id: UUID) -> None:
        clock = FixedClock(datetime(2026, 11, 22, tzinfo=UTC))
        self.db = db
        self.publisher = Publisher()
        self.registry = Registry(db, FolderBlobs(folder), clock)
        self.vault = vault_of(db)
        self.installations = Installations(db, clock, Uuid7Ids(), self.vault)
        self.installer = Installer(self.registry, self.installations)
        self.tenant_id = tenant_id

    async def publish(self, packed: bytes) -> str:
        return (await self.registry.publish(packed, self.publisher.sign(packed))).digest

    async def grants(self, installation_id: UUID) -> tuple[str, ...]:
        (one,) = [
            i for i in await self.installations.list(self.tenant_id) if i.id == installation_id
        ]
        return one.grants


@pytest.fixture
async def market(db: Database, tmp_path: Path) -> Market:
    tenant = await Tenants(
        db, FixedClock(datetime(2026, 11, 22, tzinfo=UTC)), Uuid7Ids()
    ).create_tenant("fernhill", "Fernhill")
    made = Market(db, tmp_path / "blobs", tenant.id)
    await made.registry.create_namespace("acme", made.publisher.public)
    return made
