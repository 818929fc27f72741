"""A tenant's installations: install, update, switch, configure, compose, and the bundle they make.

Every change grows the tenant's routing version in the same transaction, so that every process
that holds a bundle or a router's weights knows by one number whether they are still true. How
changes keep apart: see `changes`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

from msgspec import structs

from hyperpersonal_core.composition import repository as compositions
from hyperpersonal_core.installations import canaries, history, repository
from hyperpersonal_core.installations.changes import Also, check_unchanged, nothing_more
from hyperpersonal_core.installations.history import Past
from hyperpersonal_core.installations.secrets import sealed
from hyperpersonal_core.installations.values import (
    Bundle,
    Headers,
    Installation,
    NewInstallation,
    compose,
    for_conversation,
)
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import (
    CallerBugError,
    ConflictError,
    NotFoundError,
    RefusedError,
)
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.kit.vault import Vault

BUNDLES_MAX = 1_000
AGENTS_MAX = 50

Key = TypeVar("Key")

_SET = {
    "enabled": """update installations set enabled = $3
 where tenant_id = $1 and id = $2 and tried returning 1""",
    "grants": "update installations set grants = $3 where tenant_id = $1 and id = $2 returning 1",
    "config": "update installations set config = $3 where tenant_id = $1 and id = $2 returning 1",
}
_DELETE = "delete from installations where tenant_id = $1 and id = $2 returning 1"
_GIVE_UP = "delete from installations where tenant_id = $1 and id = $2 and not tried"


class Installations:
    """What each tenant has installed. One a process; its cache holds at most 1,000 tenants.

    Args:
        vault: seals secrets; a process that only reads installations needs none.
    """

    def __init__(self, db: Database, clock: Clock, ids: Ids, vault: Vault | None = None) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock
        self._ids = ids
        self._bundles: dict[UUID, Bundle] = {}
        self._past: dict[tuple[UUID, int], Bundle] = {}

    async def bundle(
        self, tenant_id: UUID, version: int | None = None, conversation: UUID | None = None
    ) -> Bundle:
        """The tenant's enabled installations, agents' cards and the server of each tool.

        `version`: the routing version it is asked for, as of which it is given (ADR 0025); None:
        the present one. A bundle held for it is given without asking the database.
        `conversation`: for whom; a candidate release may be tried on it (ADR 0042).
        """
        bundle = await self._bundle(tenant_id, version)
        return for_conversation(bundle, tenant_id, conversation)

    async def _bundle(self, tenant_id: UUID, version: int | None) -> Bundle:
        held = self._bundles.get(tenant_id)
        if held is not None and held.version == version:
            return held
        past = self._past.get((tenant_id, version or 0))
        if past is not None and version is not None:
            return past
        async with self._db.transaction(tenant_id) as connection:
            current = await repository.version_of(connection, tenant_id)
            if version is None and held is not None and held.version == current:
                return held
            wanted = current if version is None else version
            present = await repository.fetch_all(connection, tenant_id)
            # A change between these statements would show through, so it is always asked as of.
            then = await history.as_of(connection, tenant_id, wanted, present)
            composed = await compositions.as_of(connection, tenant_id, wanted)
            tried = await canaries.as_of(connection, tenant_id, wanted, then)
        bundle = structs.replace(compose(wanted, then, composed), canaries=tried)
        if wanted < current:
            return _hold(self._past, (tenant_id, wanted), bundle)
        return _hold(self._bundles, tenant_id, bundle)

    async def before(self, tenant_id: UUID, installation_id: UUID) -> Past | None:
        """What the installation ran before its present release."""
        async with self._db.transaction(tenant_id) as connection:
            return await history.before(connection, tenant_id, installation_id)

    async def befores(self, tenant_id: UUID) -> dict[UUID, str]:
        """The version that each installation ran before, where there was one."""
        async with self._db.transaction(tenant_id) as connection:
            return await history.befores(connection, tenant_id)

    async def list(self, tenant_id: UUID) -> Sequence[Installation]:
        """All of them, disabled ones too, oldest first."""
        async with self._db.transaction(tenant_id) as connection:
            return await repository.fetch_all(connection, tenant_id)

    async def get(self, tenant_id: UUID, installation_id: UUID) -> Installation:
        """One of the tenant's. Raises NotFoundError."""
        async with self._db.transaction(tenant_id) as connection:
            found = await repository.fetch(connection, tenant_id, installation_id)
        if found is None:
            raise NotFoundError(
                "there is no such installation", installation_id=str(installation_id)
            )
        return found

    async def of_plugin(self, tenant_id: UUID, plugin_id: str) -> Installation | None:
        """The tenant's installation of a plugin; None when it has none."""
        async with self._db.transaction(tenant_id) as connection:
            return await repository.fetch_of_plugin(connection, tenant_id, plugin_id)

    async def install(self, tenant_id: UUID, new: NewInstallation) -> UUID:
        """Install a plugin; an agent joins the end of the bundle.

        Raises:
            ConflictError: the tenant has it already, perhaps since a moment.
        """
        sealed = await self._sealed(tenant_id, new.plugin_id, new.secrets)
        async with self._change(tenant_id) as connection:
            row = (tenant_id, self._ids.new(), self._clock.now())
            installed = await repository.put(connection, row, new, sealed)
            if installed is None:
                there = await repository.fetch_of_plugin(connection, tenant_id, new.plugin_id)
                how = "is installed already; update it" if there else "is just being installed"
                raise ConflictError(f"{new.plugin_id} {how}", plugin_id=new.plugin_id)
            await history.remember(connection, tenant_id, installed)
        return installed

    async def tried(
        self, tenant_id: UUID, installation_id: UUID, *, enabled: bool, also: Also = nothing_more
    ) -> None:
        """What was installed to be tried is installed from now on. Raises NotFoundError."""
        async with self._change(tenant_id) as connection:
            key = tenant_id, installation_id
            done = await repository.tried(connection, key, enabled=enabled)
            _found(done or None, installation_id)
            await also(connection)

    async def give_up(self, tenant_id: UUID, installation_id: UUID) -> None:
        """Remove what was installed to be tried; what was tried stays."""
        async with self._change(tenant_id) as connection:
            await connection.execute(_GIVE_UP, tenant_id, installation_id)

    async def version(self, tenant_id: UUID) -> int:
        """The routing version: it is another one after any change."""
        async with self._db.transaction(tenant_id) as connection:
            return await repository.version_of(connection, tenant_id)

    async def update(
        self, present: Installation, new: NewInstallation, also: Also = nothing_more
    ) -> None:
        """Replace an installation's release, grants and configuration; its place, its secrets and
        whether it is enabled stay.

        Args:
            present: the installation that `new` was made from.
            new: what it becomes.
            also: what else must be true, or is written, with it.

        Raises:
            ConflictError: it was changed meanwhile; so no grant comes back that was just taken.
            NotFoundError: it is gone.
        """
        async with self._change(present.tenant_id, present) as connection:
            changed = await repository.update(connection, (present.tenant_id, present.id), new)
            _found(changed, present.id)
            await history.remember(connection, present.tenant_id, present.id)
            await also(connection)

    async def uninstall(
        self, tenant_id: UUID, installation_id: UUID, also: Also = nothing_more
    ) -> None:
        """Remove an installation and what it kept; what it did stays on record.

        Raises:
            NotFoundError: the tenant has no such installation.
        """
        async with self._change(tenant_id) as connection:
            _found(await connection.fetchval(_DELETE, tenant_id, installation_id), installation_id)
            await also(connection)

    async def switch(self, tenant_id: UUID, installation_id: UUID, *, enabled: bool) -> None:
        """Enable or disable without losing anything. Raises NotFoundError."""
        async with self._change(tenant_id) as connection:
            key = tenant_id, installation_id
            _found(await connection.fetchval(_SET["enabled"], *key, enabled), installation_id)

    async def grant(
        self, present: Installation, grants: Sequence[str], also: Also = nothing_more
    ) -> None:
        """Replace what the tenant grants; the caller has checked it against what `present` asks.
        Raises as `update`."""
        async with self._change(present.tenant_id, present) as connection:
            await self._write(connection, present, "grants", list(grants))
            await also(connection)

    async def configure(self, present: Installation, config: dict[str, Any]) -> None:
        """Replace the configuration; the caller has checked it against `present`'s schema. Raises
        as `update`."""
        async with self._change(present.tenant_id, present) as connection:
            await self._write(connection, present, "config", config)

    async def set_secrets(
        self, tenant_id: UUID, installation_id: UUID, secrets: dict[str, Headers]
    ) -> None:
        """Replace url prefix -> headers the host adds."""
        async with self._db.transaction(tenant_id) as connection:
            kept = await repository.secrets_of(connection, tenant_id, installation_id)
        sealed = await self._sealed(tenant_id, kept.plugin_id, secrets) if kept else None
        async with self._change(tenant_id) as connection:
            changed = await repository.set_secrets(connection, (tenant_id, installation_id), sealed)
            _found(changed, installation_id)

    async def compose(self, tenant_id: UUID, agents: Sequence[UUID]) -> None:
        """Make these agents, in this order, the tenant's bundle.

        Raises:
            NotFoundError: one of them is not an installed agent of the tenant.
            RefusedError: more than 50, or one of them twice.
        """
        wanted = list(agents)
        check_agents(wanted)
        async with self._change(tenant_id) as connection:
            placed = await repository.compose(connection, tenant_id, wanted)
            for missing in set(wanted) - set(placed):
                _found(None, missing)

    async def _sealed(
        self, tenant_id: UUID, plugin_id: str, secrets: dict[str, Headers]
    ) -> bytes | None:
        if secrets and self._vault is None:
            raise CallerBugError("to keep secrets, Installations needs a vault")
        return await sealed(self._vault, tenant_id, plugin_id, secrets) if self._vault else None

    async def _write(
        self, connection: Connection, present: Installation, column: str, value: Any
    ) -> None:
        await connection.execute(_SET[column], present.tenant_id, present.id, value)
        await history.remember(connection, present.tenant_id, present.id)

    @asynccontextmanager
    async def _change(
        self, tenant_id: UUID, present: Installation | None = None
    ) -> AsyncIterator[Connection]:
        async with self._db.transaction(tenant_id) as connection:
            await repository.bump(connection, tenant_id)  # from here on no other change goes on
            if present is not None:
                await check_unchanged(connection, present)
            yield connection


def check_agents(agents: Sequence[UUID]) -> None:
    """Raises RefusedError: more than 50, or one of them twice."""
    if len(agents) > AGENTS_MAX or len(set(agents)) != len(agents):
        raise RefusedError(f"a bundle holds at most {AGENTS_MAX} agents, each once")


def _hold(held: dict[Key, Bundle], key: Key, bundle: Bundle) -> Bundle:
    """Keep it, in the place of the oldest one when there are too many."""
    if len(held) >= BUNDLES_MAX:
        held.pop(next(iter(held)))
    held[key] = bundle
    return bundle


def _found(row: Any, installation_id: UUID) -> None:
    if row is None:
        raise NotFoundError("there is no such installation", installation_id=str(installation_id))
