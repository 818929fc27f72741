"""The table `compositions`: what a tenant composed, since which routing version (ADR 0025)."""

from uuid import UUID

import msgspec

from hyperpersonal_core.composition.values import Composition
from hyperpersonal_core.kit.db import Connection

_PUT = """
insert into compositions (tenant_id, since, body)
select $1, v.version, $2 from routing_versions v where v.tenant_id = $1
on conflict (tenant_id, since) do update set body = excluded.body"""

_AT = """
select body from compositions where tenant_id = $1 and since <= $2 order by since desc limit 1"""


async def put(connection: Connection, tenant_id: UUID, composition: Composition) -> None:
    """Keep it from this transaction's routing version on; the caller has grown the version."""
    await connection.execute(_PUT, tenant_id, msgspec.to_builtins(composition))


async def as_of(connection: Connection, tenant_id: UUID, version: int) -> Composition:
    """What was composed under a routing version; the default before anything was."""
    body = await connection.fetchval(_AT, tenant_id, version)
    return msgspec.convert(body, Composition) if body else Composition()
