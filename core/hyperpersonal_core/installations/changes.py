"""How the changes of one tenant keep apart: members, updates by themselves, rollouts and bundles.

Rules:
1. A change holds its tenant's row of `routing_versions` until it commits, so changes come one
   after another.
2. What was made from what somebody had read looks again while it holds the row, and is refused
   when that is not true any more: so nothing that was just taken comes back.
3. What else must be true, or be written, with a change is in its transaction (`Also`).
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

from hyperpersonal_core.installations import repository
from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.kit.errors import ConflictError, NotFoundError

Also = Callable[[Connection], Awaitable[None]]
"""More that a change does in its own transaction; what it raises undoes all of it."""

_HOLD = """
insert into routing_versions (tenant_id, version) values ($1, 0)
on conflict (tenant_id) do update set version = routing_versions.version
returning version"""
_RUNNING = """select version from rollouts
 where tenant_id = $1 and installation_id = $2 and state in ('shadow', 'canary')"""


async def nothing_more(_: Connection) -> None:
    """Nothing beside the change itself."""


async def hold_changes(connection: Connection, tenant_id: UUID) -> int:
    """Until this transaction ends no other change of the tenant goes on; its routing version."""
    version: int = await connection.fetchval(_HOLD, tenant_id)
    return version


async def check_unchanged(connection: Connection, present: Installation) -> None:
    """The caller holds the tenant's row.

    Raises:
        ConflictError: its release, grants or configuration are not those of `present` any more.
        NotFoundError: it is gone.
    """
    now = await repository.fetch(connection, present.tenant_id, present.id)
    if now is None:
        raise NotFoundError("there is no such installation", installation_id=str(present.id))
    if (now.digest, now.grants, now.config) != (present.digest, present.grants, present.config):
        raise ConflictError(f"{present.title} was changed meanwhile: look at it, and do it again")


async def hold_unchanged(connection: Connection, present: Installation) -> None:
    """`hold_changes`, and `check_unchanged`."""
    await hold_changes(connection, present.tenant_id)
    await check_unchanged(connection, present)


async def check_no_rollout(connection: Connection, present: Installation) -> None:
    """The caller holds the tenant's row. Raises ConflictError where a rollout of it runs."""
    version = await connection.fetchval(_RUNNING, present.tenant_id, present.id)
    if version is not None:
        raise ConflictError(f"{present.title} {version} is being rolled out; stop that first")
