"""The tables `market.bundle_runs` and `market.bundle_keys`."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from hyperpersonal_core.api import Switch
from hyperpersonal_core.kit.db import Connection
from msgspec import Struct, convert, to_builtins

State = Literal["running", "done", "rolled_back"]
Mine = tuple[UUID, UUID, datetime]
"""Tenant, run, and until when whoever works on it holds it."""
RUNS_MAX = 20

_COLUMNS = """id, state, name, source, lock, sealed, before, made, done, why, began_at,
 held_until, ended_at"""
_ADD = """
insert into market.bundle_runs
  (tenant_id, id, state, name, source, lock, sealed, before, began_at, held_until)
values ($1, $2, 'running', $3, $4, $5, $6, $7, $8, $9)"""
_TAKE = f"""
update market.bundle_runs set held_until = $3
 where tenant_id = $1 and state = 'running' and held_until <= $2
returning {_COLUMNS}"""  # noqa: S608 - no input
# Until when it is held says who holds it: whoever takes it over writes another moment.
_MINE = "tenant_id = $1 and id = $2 and state = 'running' and held_until = $3"
_HOLD = f"update market.bundle_runs set held_until = $4 where {_MINE} returning id"  # noqa: S608
_STEP_DONE = f"""update market.bundle_runs
   set done = done || $4::text,
       made = made || array(select i.id from public.installations i
                             where $5 and i.tenant_id = $1 and i.plugin_id = $4 and i.tried)
 where {_MINE} returning id"""  # noqa: S608
_END = f"""
update market.bundle_runs set state = $4, why = $5, ended_at = $6, sealed = null
 where {_MINE} returning id"""  # noqa: S608
_TAKE_BACK = """
update market.bundle_runs set state = 'rolled_back', why = $3, ended_at = $4
 where tenant_id = $1 and id = $2 and state = 'done' and not exists (
   select 1 from market.bundle_runs r where r.tenant_id = $1 and r.state = 'running')
returning id"""
_PAUSE = f"update market.bundle_runs set why = $4, held_until = $5 where {_MINE}"  # noqa: S608
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
    """One bundle that was applied, or is being applied. `made`: installations that it made;
    `done`: plugins whose step is done."""

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
    done: tuple[str, ...] = ()


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


async def hold(connection: Connection, mine: Mine, until: datetime) -> bool:
    """Work on it a while longer; whether it still is ours."""
    return await connection.fetchval(_HOLD, *mine, until) is not None


async def step_done(connection: Connection, mine: Mine, plugin_id: str, *, made: bool) -> bool:
    """A step is done, and has perhaps `made` the installation; whether the run still is ours."""
    return await connection.fetchval(_STEP_DONE, *mine, plugin_id, made) is not None


async def pause(connection: Connection, mine: Mine, why: str, until: datetime) -> None:
    """It goes on only when somebody resumes it, or rolls it back, who may from then on."""
    await connection.execute(_PAUSE, *mine, why, until)


async def broken_off(connection: Connection, now: datetime) -> list[UUID]:
    """Tenants with a run whose process died, at most 100."""
    return [row[0] for row in await connection.fetch(_BROKEN_OFF, now)]


async def end(connection: Connection, mine: Mine, state: State, why: str, now: datetime) -> bool:
    """The run ended, and what was sealed for it is forgotten; False: it was not ours any more."""
    return await connection.fetchval(_END, *mine, state, why, now) is not None


async def take_back(
    connection: Connection, key: tuple[UUID, UUID], why: str, now: datetime
) -> bool:
    """A run that was done is rolled back; False: it is already, or another one runs."""
    return await connection.fetchval(_TAKE_BACK, *key, why, now) is not None


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
    return Run(
        **{**values, "before": before, "made": tuple(values["made"]), "done": tuple(values["done"])}
    )
