"""The tables `market.bundle_runs` and `market.bundle_keys`."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from hyperpersonal_core.api import Switch
from hyperpersonal_core.kit.db import Connection
from msgspec import Struct, convert, to_builtins

State = Literal["running", "done", "rolled_back"]
RUNS_MAX = 20

_COLUMNS = """id, state, name, source, lock, sealed, before, made, why, began_at, held_until,
 ended_at"""
_ADD = """
insert into market.bundle_runs
  (tenant_id, id, state, name, source, lock, sealed, before, began_at, held_until)
values ($1, $2, 'running', $3, $4, $5, $6, $7, $8, $9)"""
_TAKE = f"""
update market.bundle_runs set held_until = $3
 where tenant_id = $1 and state = 'running' and held_until <= $2
returning {_COLUMNS}"""  # noqa: S608 - no input
_HOLD = """update market.bundle_runs set held_until = $3
 where tenant_id = $1 and id = $2 and state = 'running' returning id"""
_MADE = """update market.bundle_runs set made = made || $3::uuid
 where tenant_id = $1 and id = $2 and not made @> array[$3::uuid]"""
_END = """
update market.bundle_runs set state = $3, why = $4, ended_at = $5, sealed = null
 where tenant_id = $1 and id = $2"""
_PAUSE = """
update market.bundle_runs set why = $3, held_until = $4
 where tenant_id = $1 and id = $2 and state = 'running'"""
_BROKEN_OFF = "select tenant_id from market.bundles_broken_off($1)"
_LIST = f"""
select {_COLUMNS} from market.bundle_runs where tenant_id = $1
 order by began_at desc, id desc limit $2"""  # noqa: S608 - no input
_KEY = "select public, sealed from market.bundle_keys where tenant_id = $1"
_PUT_KEY = """insert into market.bundle_keys (tenant_id, public, sealed) values ($1, $2, $3)
on conflict do nothing"""


class Before(Struct, frozen=True):
    """What served before a bundle. `releases`: plugin id -> version it ran."""

    switch: Switch
    releases: dict[str, str]


class Run(Struct, frozen=True):
    """One bundle that was applied, or is being applied. `made`: installations that it made."""

    id: UUID
    state: State
    name: str
    source: str
    lock: bytes
    sealed: bytes | None
    before: Before
    made: tuple[UUID, ...]
    why: str
    began_at: datetime
    held_until: datetime
    ended_at: datetime | None


async def add(connection: Connection, tenant_id: UUID, run: Run) -> None:
    """A run that begins. A second one at the same time violates a unique index."""
    await connection.execute(
        _ADD, tenant_id, run.id, run.name, run.source, run.lock, run.sealed,
        to_builtins(run.before), run.began_at, run.held_until,
    )  # fmt: skip


async def take(
    connection: Connection, tenant_id: UUID, now: datetime, until: datetime
) -> Run | None:
    """The run that nobody works on any more, held from now on."""
    row = await connection.fetchrow(_TAKE, tenant_id, now, until)
    return _run(row) if row else None


async def hold(connection: Connection, tenant_id: UUID, run_id: UUID, until: datetime) -> bool:
    """Work on it a while longer; whether it still runs."""
    return await connection.fetchval(_HOLD, tenant_id, run_id, until) is not None


async def made(connection: Connection, tenant_id: UUID, run_id: UUID, installed: UUID) -> None:
    """The run made this installation."""
    await connection.execute(_MADE, tenant_id, run_id, installed)


async def pause(connection: Connection, key: tuple[UUID, UUID], why: str, now: datetime) -> None:
    """The run stopped at a step that was refused; somebody resumes it or rolls it back."""
    await connection.execute(_PAUSE, *key, why, now)


async def broken_off(connection: Connection, now: datetime) -> list[UUID]:
    """Tenants with a run whose process died, at most 100."""
    return [row[0] for row in await connection.fetch(_BROKEN_OFF, now)]


async def end(
    connection: Connection, key: tuple[UUID, UUID], state: State, why: str, now: datetime
) -> None:
    """The run ended; what was sealed for it is forgotten."""
    await connection.execute(_END, *key, state, why, now)


async def runs(connection: Connection, tenant_id: UUID, limit: int = RUNS_MAX) -> list[Run]:
    """The tenant's runs, newest first."""
    return [_run(row) for row in await connection.fetch(_LIST, tenant_id, limit)]


async def key(connection: Connection, tenant_id: UUID) -> tuple[bytes, bytes] | None:
    """The public half and the sealed private one; None before the first lock."""
    row = await connection.fetchrow(_KEY, tenant_id)
    return (row["public"], row["sealed"]) if row else None


async def put_key(connection: Connection, tenant_id: UUID, public: bytes, sealed: bytes) -> None:
    """Keep the tenant's key, unless there is one already."""
    await connection.execute(_PUT_KEY, tenant_id, public, sealed)


def _run(row: Any) -> Run:
    values = dict(row)
    before = convert(values["before"], Before, strict=False)
    return Run(**{**values, "before": before, "made": tuple(values["made"])})
