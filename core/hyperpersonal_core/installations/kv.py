"""A small store per installation, held to the bytes its grant allows."""

from uuid import UUID

from hyperpersonal_runtime.api import CallScope
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database

KEY_BYTES_MAX = 200
KEYS_MAX = 1_000

_GET = "select value from kv where tenant_id = $1 and installation_id = $2 and key = $3"
_OTHERS = """
select coalesce(sum(octet_length(key) + octet_length(value)), 0) from kv
 where tenant_id = $1 and installation_id = $2 and key <> $3"""
_PUT = """
insert into kv (tenant_id, installation_id, key, value, updated_at) values ($1, $2, $3, $4, $5)
on conflict (tenant_id, installation_id, key) do update
   set value = excluded.value, updated_at = excluded.updated_at"""
_DELETE = "delete from kv where tenant_id = $1 and installation_id = $2 and key = $3"
_KEYS = """
select key from kv where tenant_id = $1 and installation_id = $2 and starts_with(key, $3)
 order by key limit $4"""
_ALL = "select key, value from kv where tenant_id = $1 and installation_id = $2 order by key"
_RESTORE = """
insert into kv (tenant_id, installation_id, key, value, updated_at)
select $1, $2, k, v, $5 from unnest($3::text[], $4::text[]) as u(k, v)
on conflict do nothing"""
# Two puts of one installation must not both find room for themselves.
_LOCK = "select 1 from installations where tenant_id = $1 and id = $2 for update"


class Kv:
    """The runtime's KvPort over one table."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def get(self, scope: CallScope, key: str) -> HostAnswer:
        """The JSON text under `key`, None when there is none."""
        tenant_id, owner = _owner(scope)
        async with self._db.transaction(tenant_id) as connection:
            return HostAnswer(await connection.fetchval(_GET, tenant_id, owner, key))

    async def put(self, scope: CallScope, key: str, value: str, bytes_max: int) -> HostAnswer:
        """Keep a JSON text; refused when all keys and values would exceed `bytes_max` bytes."""
        if not 1 <= len(key.encode()) <= KEY_BYTES_MAX:
            return _failure(FailureKind.INVALID, f"a key has 1 to {KEY_BYTES_MAX} bytes")
        tenant_id, owner = _owner(scope)
        async with self._db.transaction(tenant_id) as connection:
            size = await _size_with(connection, scope, key, value)
            if size is None:
                return _failure(FailureKind.NOT_FOUND, "this installation is gone")
            if size > bytes_max:
                message = f"{size} bytes would be kept and {bytes_max} are granted; delete some"
                return _failure(FailureKind.LIMIT, message)
            await connection.execute(_PUT, tenant_id, owner, key, value, self._clock.now())
        return HostAnswer(None)

    async def delete(self, scope: CallScope, key: str) -> HostAnswer:
        """Forget `key`; the value tells whether it was there."""
        tenant_id, owner = _owner(scope)
        async with self._db.transaction(tenant_id) as connection:
            done = await connection.execute(_DELETE, tenant_id, owner, key)
        return HostAnswer(done == "DELETE 1")

    async def keys(self, scope: CallScope, prefix: str, limit: int) -> HostAnswer:
        """Keys that start with `prefix`, in order, at most `limit` (1,000 at most)."""
        tenant_id, owner = _owner(scope)
        async with self._db.transaction(tenant_id) as connection:
            rows = await connection.fetch(_KEYS, tenant_id, owner, prefix, min(limit, KEYS_MAX))
        return HostAnswer([row["key"] for row in rows])

    async def all(self, tenant_id: UUID, installation_id: UUID) -> dict[str, str]:
        """Everything an installation keeps, for the merchant whose it is: key -> JSON text."""
        async with self._db.transaction(tenant_id) as connection:
            rows = await connection.fetch(_ALL, tenant_id, installation_id)
        return {row["key"]: row["value"] for row in rows}

    async def restore(self, tenant_id: UUID, installation_id: UUID, kept: dict[str, str]) -> None:
        """Give back what `all` told; what the installation has put since stays."""
        row = (list(kept), list(kept.values()), self._clock.now())
        async with self._db.transaction(tenant_id) as connection:
            await connection.execute(_RESTORE, tenant_id, installation_id, *row)


def _owner(scope: CallScope) -> tuple[UUID, UUID]:
    return UUID(scope.tenant_id), UUID(scope.installation_id)


async def _size_with(connection: Connection, scope: CallScope, key: str, value: str) -> int | None:
    tenant_id, owner = _owner(scope)
    if await connection.fetchval(_LOCK, tenant_id, owner) is None:
        return None
    others: int = await connection.fetchval(_OTHERS, tenant_id, owner, key)
    return others + len(key.encode()) + len(value.encode())


def _failure(kind: FailureKind, message: str) -> HostAnswer:
    return HostAnswer(failure=Failure(kind, message))
