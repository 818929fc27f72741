"""The tables `installations`, `bundle_agents` and `routing_versions`."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from hyperpersonal_core.installations.values import Headers, Installation, NewInstallation
from hyperpersonal_core.kit.db import Connection

TRIAL_MAX = timedelta(minutes=2)  # a trial takes 20 s at most

_COLUMNS = """i.tenant_id, i.id, i.plugin_id, i.version, i.digest, i.kind, i.manifest, i.grants,
i.config, i.enabled, b.position, i.unreviewed"""

_OF_TENANT = f"""
select {_COLUMNS} from installations i
  left join bundle_agents b on b.tenant_id = i.tenant_id and b.installation_id = i.id
 where i.tenant_id = $1"""  # noqa: S608 - no input
_LIST = f"{_OF_TENANT} and i.tried order by i.created_at, i.id"
_ONE = f"{_OF_TENANT} and i.id = $2"
_OF_PLUGIN = f"{_OF_TENANT} and i.plugin_id = $2 and i.tried"

_PUT = """
insert into installations (tenant_id, id, plugin_id, version, digest, kind, manifest, grants,
                           config, sealed_secrets, created_at, enabled, unreviewed, tried)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (tenant_id, plugin_id) do nothing
returning id"""
# What a process that died left half installed.
_CLEAR = """delete from installations
 where tenant_id = $1 and plugin_id = $2 and not tried and created_at <= $3"""
_TRIED = """update installations set tried = true, enabled = $3
 where tenant_id = $1 and id = $2 and not tried returning kind"""

_UPDATE = """
update installations set version = $4, digest = $5, manifest = $6, grants = $7, config = $8,
       unreviewed = coalesce($9, unreviewed)
 where tenant_id = $1 and id = $2 and plugin_id = $3 returning id"""

_JOIN_BUNDLE = """
insert into bundle_agents (tenant_id, installation_id, position)
select $1, $2, coalesce(max(position), 0) + 1 from bundle_agents where tenant_id = $1
on conflict do nothing"""

_COMPOSE = """
insert into bundle_agents (tenant_id, installation_id, position)
select $1, i.id, a.position
  from unnest($2::uuid[]) with ordinality as a(id, position)
  join installations i on i.tenant_id = $1 and i.id = a.id and i.kind = 'agent' and i.tried
returning installation_id"""

_SECRETS = """select plugin_id, sealed_secrets as sealed, secrets as open
  from installations where tenant_id = $1 and id = $2"""

_SET_SECRETS = """update installations set sealed_secrets = $3, secrets = '{}'
 where tenant_id = $1 and id = $2 returning id"""

_SEAL_SECRETS = """update installations set sealed_secrets = $4, secrets = '{}'
 where tenant_id = $1 and id = $2 and secrets = $3"""

_BUMP = """
insert into routing_versions (tenant_id, version) values ($1, 1)
on conflict (tenant_id) do update set version = routing_versions.version + 1
returning version"""


class KeptSecrets(Struct, frozen=True):
    """Secrets as stored: sealed, or in the clear by a release before there was a vault."""

    plugin_id: str
    sealed: bytes | None
    open: dict[str, Headers]

    def __repr__(self) -> str:
        return f"KeptSecrets({self.plugin_id!r}, …)"


async def fetch_all(connection: Connection, tenant_id: UUID) -> list[Installation]:
    """Every installation of the tenant, oldest first. One that is still being tried is none."""
    return [_installation(row) for row in await connection.fetch(_LIST, tenant_id)]


async def fetch(
    connection: Connection, tenant_id: UUID, installation_id: UUID
) -> Installation | None:
    """One of the tenant's; None when there is no such installation."""
    row = await connection.fetchrow(_ONE, tenant_id, installation_id)
    return _installation(row) if row else None


async def fetch_of_plugin(
    connection: Connection, tenant_id: UUID, plugin_id: str
) -> Installation | None:
    """The tenant's installation of a plugin; None when it has none."""
    row = await connection.fetchrow(_OF_PLUGIN, tenant_id, plugin_id)
    return _installation(row) if row else None


async def version_of(connection: Connection, tenant_id: UUID) -> int:
    """The tenant's routing version; 0 before its first change."""
    query = "select version from routing_versions where tenant_id = $1"
    return await connection.fetchval(query, tenant_id) or 0


async def bump(connection: Connection, tenant_id: UUID) -> None:
    """Tell routers and caches that the tenant's bundle changed. The row also serialises changes."""
    await connection.execute(_BUMP, tenant_id)


async def put(
    connection: Connection, row: tuple[UUID, UUID, Any], new: NewInstallation, sealed: bytes | None
) -> UUID | None:
    """Write an installation; None when the tenant has one of this plugin."""
    tenant_id, new_id, at = row
    await connection.execute(_CLEAR, tenant_id, new.plugin_id, at - TRIAL_MAX)
    found: UUID | None = await connection.fetchval(
        _PUT, tenant_id, new_id, new.plugin_id, new.version, new.digest, new.kind, new.manifest,
        list(new.grants), new.config, sealed, at, new.enabled and new.tried, bool(new.unreviewed),
        new.tried,
    )  # fmt: skip
    if found and new.tried:
        await _join(connection, tenant_id, (found, new.kind))
    return found


async def tried(connection: Connection, key: tuple[UUID, UUID], *, enabled: bool) -> bool:
    """It was tried, and is installed from now on; False where it is gone."""
    kind = await connection.fetchval(_TRIED, *key, enabled)
    if kind is not None:
        await _join(connection, key[0], (key[1], kind))
    return kind is not None


async def _join(connection: Connection, tenant_id: UUID, installed: tuple[UUID, str]) -> None:
    """An agent comes last among the tenant's."""
    if installed[1] == "agent":
        await connection.execute(_JOIN_BUNDLE, tenant_id, installed[0])


async def update(
    connection: Connection, key: tuple[UUID, UUID], new: NewInstallation
) -> UUID | None:
    """Another release of the same plugin in an installation; None when there is none such."""
    found: UUID | None = await connection.fetchval(
        _UPDATE, *key, new.plugin_id, new.version, new.digest, new.manifest, list(new.grants),
        new.config, new.unreviewed,
    )  # fmt: skip
    return found


async def compose(connection: Connection, tenant_id: UUID, agents: list[UUID]) -> list[UUID]:
    """Replace the tenant's agents; returns those that are agents of this tenant."""
    await connection.execute("delete from bundle_agents where tenant_id = $1", tenant_id)
    return [row[0] for row in await connection.fetch(_COMPOSE, tenant_id, agents)]


async def secrets_of(
    connection: Connection, tenant_id: UUID, installation_id: UUID
) -> KeptSecrets | None:
    """What is stored of one installation's secrets; None when there is no such installation."""
    row = await connection.fetchrow(_SECRETS, tenant_id, installation_id)
    return KeptSecrets(**dict(row)) if row else None


async def set_secrets(
    connection: Connection, key: tuple[UUID, UUID], sealed: bytes | None
) -> UUID | None:
    """Replace an installation's secrets; None when there is no such installation."""
    found: UUID | None = await connection.fetchval(_SET_SECRETS, *key, sealed)
    return found


async def seal_secrets(
    connection: Connection, key: tuple[UUID, UUID], before: dict[str, Headers], sealed: bytes | None
) -> None:
    """Put the sealed form in the place of the open one, unless it has changed meanwhile."""
    await connection.execute(_SEAL_SECRETS, *key, before, sealed)


def _installation(row: Any) -> Installation:
    values = dict(row)
    return Installation(**{**values, "grants": tuple(values["grants"])})
