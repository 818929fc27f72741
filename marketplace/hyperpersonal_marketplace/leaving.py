"""What a removed plugin had of its own: kept sealed for 30 days, given out, or gone at once.

Its own data are its configuration and its kv store. Secrets and grants are never kept: who installs
it again consents again. What it did stays told in conversations, journals and receipts.
"""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from hyperpersonal_core.api import Also, Installation, Kv
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.vault import Vault
from msgspec import Struct

KEPT_DAYS = 30
Data = Literal["keep", "delete", "export"]

_KEEP = """
insert into market.left_behind (tenant_id, plugin_id, until, sealed) values ($1, $2, $3, $4)
on conflict (tenant_id, plugin_id) do update
   set until = excluded.until, sealed = excluded.sealed"""
_READ = "select until, sealed from market.left_behind where tenant_id = $1 and plugin_id = $2"
_DROP = "delete from market.left_behind where tenant_id = $1 and plugin_id = $2"
_FORGET = "select market.forget_left_behind($1)"


class OwnData(Struct, frozen=True):
    """What a plugin has of its own in a tenant. `kv`: key -> JSON text."""

    plugin_id: str
    version: str
    config: dict[str, Any] = {}
    kv: dict[str, str] = {}


class Left(Struct, frozen=True):
    """What an uninstall removed, to be told. `export` is set where it was asked for; `kept_until`
    where it comes back with an install before then."""

    plugin_id: str
    grants: tuple[str, ...]
    kv_keys: int
    config_fields: tuple[str, ...]
    kept_until: datetime | None = None
    export: OwnData | None = None


class LeftBehind:
    """Keeps what removed plugins had. Stateless; one a process."""

    def __init__(self, db: Database, clock: Clock, vault: Vault) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._kv = Kv(db, clock)

    async def of(self, present: Installation) -> OwnData:
        """What the installation has of its own now."""
        kv = await self._kv.all(present.tenant_id, present.id)
        return OwnData(present.plugin_id, present.version, present.config, kv)

    async def keeping(self, tenant_id: UUID, own: OwnData) -> tuple[datetime, Also]:
        """Until when it is kept (30 days), and what keeps it, for the removal's transaction."""
        until = self._clock.now() + timedelta(days=KEPT_DAYS)
        sealed = await self._vault.seal(tenant_id, _purpose(own.plugin_id), _encode(own))

        async def keep(connection: Connection) -> None:
            await connection.execute(_KEEP, tenant_id, own.plugin_id, until, sealed)

        return until, keep

    async def give_back(self, tenant_id: UUID, plugin_id: str, installation_id: UUID) -> bool:
        """Let a plugin that is installed again have its store back; whether there was one. Its
        configuration is the one it was installed with now. What was kept stays until `drop`: the
        install may come to nothing."""
        async with self._db.transaction(tenant_id) as connection:
            row = await connection.fetchrow(_READ, tenant_id, plugin_id)
        if row is None or row["until"] <= self._clock.now():
            return False
        data = await self._vault.open(tenant_id, _purpose(plugin_id), row["sealed"])
        own = msgspec.json.decode(data, type=OwnData)
        await self._kv.restore(tenant_id, installation_id, own.kv)
        return True

    async def drop(self, connection: Connection, tenant_id: UUID, plugin_id: str) -> None:
        """Forget what was kept of it before."""
        await connection.execute(_DROP, tenant_id, plugin_id)

    async def forget(self) -> int:
        """Forget, of all tenants, what was kept for 30 days; how many plugins' that was."""
        async with self._db.transaction() as connection:
            gone: int = await connection.fetchval(_FORGET, self._clock.now())
        return gone


def _purpose(plugin_id: str) -> str:
    return f"left behind {plugin_id}"


def _encode(own: OwnData) -> bytes:
    return msgspec.json.encode(own)
