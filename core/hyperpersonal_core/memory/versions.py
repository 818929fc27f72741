"""What is held in memory for a tenant is dropped when the tenant's version grows.

Whoever changes a tenant's agents, rules, articles or labelled history calls `bump` in the same
transaction; every process sees it within `fresh_seconds`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from uuid import UUID

from hyperpersonal_core.kit.db import Connection, Database

TENANTS_MAX = 64
T = TypeVar("T")


async def bump(connection: Connection, tenant_id: UUID) -> None:
    """Let every process reload this tenant's knowledge and routing."""
    await connection.execute(
        "insert into routing_versions (tenant_id, version) values ($1, 1)"
        " on conflict (tenant_id) do update set version = routing_versions.version + 1",
        tenant_id,
    )


async def read_version(db: Database, tenant_id: UUID) -> int:
    """The tenant's present version; 0 before the first change."""
    async with db.transaction(tenant_id) as connection:
        version = await connection.fetchval(
            "select version from routing_versions where tenant_id = $1", tenant_id
        )
    return int(version or 0)


class Versioned(Generic[T]):
    """Keeps one loaded value a tenant, newest 64 tenants.

    Args:
        load: makes the value anew; called once however many ask at the same time.
        fresh_seconds: how long a value is trusted without looking at the version.
    """

    def __init__(
        self, db: Database, load: Callable[[UUID], Awaitable[T]], fresh_seconds: float = 1.0
    ) -> None:
        self._db = db
        self._load = load
        self._fresh_seconds = fresh_seconds
        self._held: OrderedDict[UUID, tuple[int, T]] = OrderedDict()
        self._checked: dict[UUID, float] = {}
        self._locks: dict[UUID, asyncio.Lock] = {}

    async def of(self, tenant_id: UUID) -> T:
        """The tenant's value, at most `fresh_seconds` behind."""
        if self._is_fresh(tenant_id):
            return self._held[tenant_id][1]
        async with self._locks.setdefault(tenant_id, asyncio.Lock()):
            if not self._is_fresh(tenant_id):
                await self._refresh(tenant_id)
            return self._held[tenant_id][1]

    def _is_fresh(self, tenant_id: UUID) -> bool:
        age = asyncio.get_running_loop().time() - self._checked.get(tenant_id, -1e9)
        return tenant_id in self._held and age < self._fresh_seconds

    async def _refresh(self, tenant_id: UUID) -> None:
        at = asyncio.get_running_loop().time()
        version = await read_version(self._db, tenant_id)
        held = self._held.get(tenant_id)
        if held is None or held[0] != version:
            self._held[tenant_id] = version, await self._load(tenant_id)
        self._held.move_to_end(tenant_id)
        self._checked[tenant_id] = at
        while len(self._held) > TENANTS_MAX:
            dropped, _ = self._held.popitem(last=False)
            self._checked.pop(dropped, None)
            self._locks.pop(dropped, None)
