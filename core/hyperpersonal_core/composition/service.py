"""Switches a tenant from one bundle to another: order, rules, hours and voice at one instant."""

from uuid import UUID

from msgspec import Struct

from hyperpersonal_core.composition import repository
from hyperpersonal_core.composition.values import Composition
from hyperpersonal_core.installations import repository as installations
from hyperpersonal_core.installations.changes import Also, nothing_more
from hyperpersonal_core.installations.service import check_agents
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.routing.rules import Rule, check_rules, read_rules, write_rules

_SWITCH = """update installations set enabled = $3
 where tenant_id = $1 and id = any($2) and tried"""


class Switch(Struct, frozen=True):
    """All that changes at once. `agents` in order; `on` and `off`: installations."""

    agents: tuple[UUID, ...]
    rules: tuple[Rule, ...]
    composition: Composition
    on: tuple[UUID, ...] = ()
    off: tuple[UUID, ...] = ()


class Compositions:
    """Reads and switches. Stateless; one a process."""

    def __init__(self, db: Database, ids: Ids) -> None:
        self._db = db
        self._ids = ids

    async def present(self, tenant_id: UUID) -> Switch:
        """What serves now, as it would be switched back to."""
        async with self._db.transaction(tenant_id) as connection:
            version = await installations.version_of(connection, tenant_id)
            there = await installations.fetch_all(connection, tenant_id)
            placed = sorted((one.position, one.id) for one in there if one.position is not None)
            on = tuple(one.id for one in there if one.enabled)
            return Switch(
                tuple(installed for _, installed in placed),
                tuple(await read_rules(connection, tenant_id)),
                await repository.as_of(connection, tenant_id, version),
                on,
            )

    async def switch(self, tenant_id: UUID, to: Switch, also: Also = nothing_more) -> None:
        """Make it serve from the next turn on; all of it, with what is `also` done, or nothing.

        Raises:
            NotFoundError: one of the agents is not installed.
            RefusedError: too many agents or rules, or a rule we cannot run.
        """
        check_agents(to.agents)
        check_rules(to.rules)
        async with self._db.transaction(tenant_id) as connection:
            await installations.bump(connection, tenant_id)
            await self._write(connection, tenant_id, to)
            await also(connection)

    async def _write(self, connection: Connection, tenant_id: UUID, to: Switch) -> None:
        placed = await installations.compose(connection, tenant_id, list(to.agents))
        for missing in set(to.agents) - set(placed):
            raise NotFoundError("there is no such agent", installation_id=str(missing))
        await connection.execute(_SWITCH, tenant_id, list(to.off), False)  # noqa: FBT003 - a column
        await connection.execute(_SWITCH, tenant_id, list(to.on), True)  # noqa: FBT003
        await write_rules(connection, self._ids, tenant_id, to.rules)
        await repository.put(connection, tenant_id, to.composition)
