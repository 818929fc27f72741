"""What an installation ran, since which routing version (ADR 0025).

A turn keeps the release and the configuration it began with, also when it goes on in another
process; grants are those of now, as far as they were given then. A rollback finds what was there
before.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hyperpersonal_sdk.capabilities import CapabilitySet
from msgspec import Struct, structs

from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.kit.db import Connection

_REMEMBER = """
insert into installation_history (tenant_id, installation_id, since, version, digest, manifest,
                                  grants, config)
select i.tenant_id, i.id, v.version, i.version, i.digest, i.manifest, i.grants, i.config
  from installations i join routing_versions v on v.tenant_id = i.tenant_id
 where i.tenant_id = $1 and i.id = $2
on conflict (tenant_id, installation_id, since) do update
   set version = excluded.version, digest = excluded.digest, manifest = excluded.manifest,
       grants = excluded.grants, config = excluded.config"""

_AT = """
select distinct on (installation_id) installation_id, version, digest, manifest, grants, config
  from installation_history where tenant_id = $1 and since <= $2
 order by installation_id, since desc"""

_BEFORE = """
select h.installation_id, h.version, h.digest, h.manifest, h.grants, h.config
  from installation_history h
  join installations i on i.tenant_id = h.tenant_id and i.id = h.installation_id
 where h.tenant_id = $1 and h.installation_id = $2 and h.digest <> i.digest
 order by h.since desc limit 1"""

_BEFORES = """
select distinct on (i.id) i.id, h.version
  from installation_history h
  join installations i on i.tenant_id = h.tenant_id and i.id = h.installation_id
 where h.tenant_id = $1 and h.digest <> i.digest order by i.id, h.since desc"""


class Past(Struct, frozen=True):
    """An installation's release, grants and configuration as they were."""

    installation_id: UUID
    version: str
    digest: str
    manifest: dict[str, Any]
    grants: Sequence[str]
    config: dict[str, Any]

    def again(self, present: Installation) -> Installation:
        """The installation as it was, under no more grants than it has now."""
        grants = CapabilitySet.parse(self.grants).meet(CapabilitySet.parse(present.grants))
        return structs.replace(
            present, version=self.version, digest=self.digest, manifest=self.manifest,
            config=self.config, grants=grants.texts,
        )  # fmt: skip


async def remember(connection: Connection, tenant_id: UUID, installation_id: UUID) -> None:
    """Keep what the installation is from this transaction's routing version on."""
    await connection.execute(_REMEMBER, tenant_id, installation_id)


async def as_of(
    connection: Connection, tenant_id: UUID, version: int, present: Sequence[Installation]
) -> list[Installation]:
    """Those installations as they were under a routing version; one that came later is as now."""
    past = {
        row["installation_id"]: Past(*row)
        for row in await connection.fetch(_AT, tenant_id, version)
    }
    return [past[one.id].again(one) if one.id in past else one for one in present]


async def before(connection: Connection, tenant_id: UUID, installation_id: UUID) -> Past | None:
    """The last release that is not the present one; None when there was none."""
    row = await connection.fetchrow(_BEFORE, tenant_id, installation_id)
    return Past(*row) if row else None


async def befores(connection: Connection, tenant_id: UUID) -> dict[UUID, str]:
    """The version before the present one, of each installation that had one."""
    rows = await connection.fetch(_BEFORES, tenant_id)
    return {row["id"]: row["version"] for row in rows}
