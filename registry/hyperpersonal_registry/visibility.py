"""Who may see and install a plugin: everybody, who knows its name, or the tenants that are named.

Rules:
1. A plugin nobody said anything of is public.
2. A private plugin needs its checks but nobody's review: it is its tenants' own matter. Once one of
   its releases is out it stays private, or what nobody reviewed would be offered to everybody.
3. Every change is an entry of the log. Of tenants it tells how many and a hash, not who.
"""

import hashlib
from collections.abc import Iterable
from typing import Literal
from uuid import UUID

import asyncpg
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError, RefusedError
from msgspec import Struct

from hyperpersonal_registry import journal

Seen = Literal["public", "unlisted", "private"]
TENANTS_MAX = 100
ENTRY = "plugin.visibility"

_OF = "select visibility, tenants from registry.plugins where plugin_id = $1"
_HOLD = "select 1 from registry.plugins where plugin_id = $1 for share"
_CHANGE = "select 1 from registry.plugins where plugin_id = $1 for update"
_ALL = "select plugin_id, visibility, tenants from registry.plugins where visibility <> 'public'"
_SET = """
insert into registry.plugins (plugin_id, namespace, visibility, tenants) values ($1, $2, $3, $4)
on conflict (plugin_id) do update
   set visibility = excluded.visibility, tenants = excluded.tenants"""
_IS_OUT = "select exists (select from registry.releases where plugin_id = $1)"


class Visibility(Struct, frozen=True):
    """Of one plugin. `tenants`: who may have it while it is private."""

    visibility: Seen = "public"
    tenants: frozenset[UUID] = frozenset()

    def may(self, tenant_id: UUID | None) -> bool:
        """Whether this tenant may see its page and install it."""
        return self.visibility != "private" or tenant_id in self.tenants

    def lists(self, tenant_id: UUID | None) -> bool:
        """Whether this tenant finds it in searches."""
        return self.visibility != "unlisted" and self.may(tenant_id)


PUBLIC = Visibility()


class Visibilities:
    """Stateless; one a process."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def of(self, plugin_id: str) -> Visibility:
        """The plugin's; also of one that is not published yet."""
        async with self._db.transaction() as connection:
            return await of(connection, plugin_id)

    async def may(self, plugin_id: str, tenant_id: UUID | None) -> bool:
        """Whether the tenant may see and install it."""
        return (await self.of(plugin_id)).may(tenant_id)

    async def hidden(self) -> dict[str, Visibility]:
        """Every plugin that is not public."""
        async with self._db.transaction() as connection:
            rows = await connection.fetch(_ALL)
        return {
            row["plugin_id"]: Visibility(row["visibility"], frozenset(row["tenants"]))
            for row in rows
        }

    async def set(self, plugin_id: str, visibility: Seen, tenants: Iterable[UUID] = ()) -> None:
        """Replace it; the caller has proven that it speaks for the plugin's namespace.

        Raises:
            RefusedError: too many tenants, some named for a plugin that is not private, or none
                for one that is.
            ConflictError: it is private, and a release of it is out.
            NotFoundError: there is no such namespace.
        """
        named = sorted(set(tenants))
        if len(named) > TENANTS_MAX or bool(named) != (visibility == "private"):
            raise RefusedError(f"a private plugin names 1 to {TENANTS_MAX} tenants, others none")
        async with self._db.transaction() as connection:
            await connection.execute(_CHANGE, plugin_id)
            await _check_stays_private(connection, plugin_id, visibility)
            row = (plugin_id, plugin_id.partition("/")[0], visibility, named)
            try:
                await connection.execute(_SET, *row)
            except asyncpg.ForeignKeyViolationError as error:
                raise NotFoundError("there is no such namespace", plugin_id=plugin_id) from error
            detail = {"visibility": visibility, "tenants": len(named), "hash": _hash(named)}
            await journal.append(connection, self._clock.now(), ENTRY, plugin_id, **detail)


async def of(connection: Connection, plugin_id: str) -> Visibility:
    """The plugin's, in the caller's transaction."""
    row = await connection.fetchrow(_OF, plugin_id)
    return Visibility(row["visibility"], frozenset(row["tenants"])) if row else PUBLIC


async def hold(connection: Connection, plugin_id: str) -> None:
    """Until the caller's transaction ends, what is private stays so: a release that is published
    in it without review must not be everybody's at that moment. To be taken before the log."""
    await connection.execute(_HOLD, plugin_id)


async def _check_stays_private(connection: Connection, plugin_id: str, visibility: Seen) -> None:
    present = await of(connection, plugin_id)
    if present.visibility != "private" or visibility == "private":
        return
    if await connection.fetchval(_IS_OUT, plugin_id):
        message = f"{plugin_id} has private releases nobody reviewed; publish it under another name"
        raise ConflictError(message, plugin_id=plugin_id)


def _hash(tenants: list[UUID]) -> str:
    return hashlib.sha256(b"".join(tenant.bytes for tenant in tenants)).hexdigest()
