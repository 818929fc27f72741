"""The tables `rollouts`, `rollout_conversations`, `shadow_turns` and `rollout_events`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hyperpersonal_core.installations.canaries import Draw, Step
from hyperpersonal_core.kit.db import Connection
from hyperpersonal_core.rollouts.values import (
    METRICS,
    Arm,
    Candidate,
    Drawn,
    Plan,
    Rollout,
    ShadowReport,
    ShadowTurn,
    Told,
)

LISTED_MAX = 100
TOLD_MAX = 200
TURNS_MAX = 50

_COLUMNS = """tenant_id, id, installation_id, plugin_id, kind, incumbent, incumbent_version,
version, digest, manifest, grants, plan, state, stage, seed, steps, bets, cost_usual, observed_to,
reason, created_at, changed_at"""
_INSERT = f"""
insert into rollouts ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
$14, $15, $16, $17, $18, $19, $20, $21, $22)"""  # noqa: S608 - no input
_READ = f"select {_COLUMNS} from rollouts where tenant_id = $1 and id = $2"  # noqa: S608
_LIST = f"""select {_COLUMNS} from rollouts where tenant_id = $1
 and ($2::uuid is null or installation_id = $2) order by id desc limit $3"""  # noqa: S608
_RUNNING = "select tenant_id, id from rollouts_running($1)"
_MOVE = """
update rollouts set state = $3, stage = $4, steps = $5, reason = $6, changed_at = $7
 where tenant_id = $1 and id = $2"""
_LEARN = """
update rollouts set bets = $3, observed_to = $4 where tenant_id = $1 and id = $2"""
_SAID = "update rollouts set reason = $3 where tenant_id = $1 and id = $2 and reason <> $3"
_TELL = """
insert into rollout_events (tenant_id, rollout_id, kind, words, detail, member_id, at)
values ($1, $2, $3, $4, $5, $6, $7)"""
_TOLD = """
select kind, words, detail, member_id, at from rollout_events
 where tenant_id = $1 and rollout_id = $2 order by place desc limit $3"""
_ARMS = """
select candidate, count(*) as n, avg(marks[1]) as a, avg(marks[2]) as b, avg(marks[3]) as c,
       avg(marks[4]) as d
  from rollout_conversations where tenant_id = $1 and rollout_id = $2 and share > 0
 group by candidate"""
_DRAWN = """
select candidate, share, marks from rollout_conversations
 where tenant_id = $1 and rollout_id = $2 and share > 0 order by at, conversation_id limit $3"""
_TURNS = """
select turn_id, kinds, at from shadow_turns where tenant_id = $1 and rollout_id = $2
 order by (kinds <> '{}') desc, turn_id desc limit $3"""
_SHADOW = """
select count(*) as turns, count(*) filter (where not kinds && $3) as same_reply,
       count(*) filter (where not kinds && $4) as same_actions,
       count(*) filter (where not kinds @> '{parted}') as followed,
       count(*) filter (where kinds && '{outcome,refused}') as failed,
       coalesce(sum((before->>'cpu_ms')::float8), 0) as cpu_before,
       coalesce(sum((after->>'cpu_ms')::float8), 0) as cpu_after,
       coalesce(sum((before->>'tokens')::bigint), 0)::bigint as tokens_before,
       coalesce(sum((after->>'tokens')::bigint), 0)::bigint as tokens_after,
       coalesce(sum((before->>'host_calls')::bigint), 0)::bigint as calls_before,
       coalesce(sum((after->>'host_calls')::bigint), 0)::bigint as calls_after
  from shadow_turns where tenant_id = $1 and rollout_id = $2"""
_COMPARED = """
select true from shadow_turns where tenant_id = $1 and rollout_id = $2 and turn_id = $3"""
_KINDS = """
select kind, count(*) as n from shadow_turns, unnest(kinds) as kind
 where tenant_id = $1 and rollout_id = $2 group by kind order by n desc, kind"""
REPLY_KINDS = ("text", "status", "handoff", "answer", "outcome", "parted")
ACTION_KINDS = ("tool dropped", "tool added", "arguments", "field", "order", "money", "refused",
                "recipient", "outcome", "parted")  # fmt: skip


async def insert(connection: Connection, one: Rollout) -> None:
    """Write a new one; a second running one of its installation breaks `rollouts_running`."""
    release = one.candidate
    await connection.execute(
        _INSERT, one.tenant_id, one.id, one.installation_id, one.plugin_id, one.kind,
        one.incumbent, one.incumbent_version, release.version, release.digest, release.manifest,
        list(release.grants), msgspec.to_builtins(one.plan), one.state, one.stage, one.draw.seed,
        _steps(one.draw), one.bets, one.cost_usual, one.observed_to, one.reason, one.created_at,
        one.changed_at,
    )  # fmt: skip


async def read(connection: Connection, key: tuple[UUID, UUID], lock: str = "") -> Rollout | None:
    """One of them, perhaps held: `for update`, or `for update skip locked`."""
    row = await connection.fetchrow(f"{_READ} {lock}", *key)
    return None if row is None else _rollout(row)


async def listed(
    connection: Connection, tenant_id: UUID, installation_id: UUID | None
) -> list[Rollout]:
    """The tenant's newest hundred, newest first."""
    rows = await connection.fetch(_LIST, tenant_id, installation_id, LISTED_MAX)
    return [_rollout(row) for row in rows]


async def running(connection: Connection, up_to: int) -> list[tuple[UUID, UUID]]:
    """Tenant and id of those that run, of all tenants, oldest first."""
    return [(row["tenant_id"], row["id"]) for row in await connection.fetch(_RUNNING, up_to)]


async def move(connection: Connection, one: Rollout) -> None:
    """Keep its state, stage, steps and reason."""
    await connection.execute(
        _MOVE, one.tenant_id, one.id, one.state, one.stage, _steps(one.draw), one.reason,
        one.changed_at,
    )  # fmt: skip


async def learn(connection: Connection, one: Rollout) -> None:
    """Keep what the bettors have and how far was looked."""
    await connection.execute(_LEARN, one.tenant_id, one.id, one.bets, one.observed_to)


async def say(connection: Connection, one: Rollout, reason: str) -> None:
    """For what it waits."""
    await connection.execute(_SAID, one.tenant_id, one.id, reason)


async def tell(connection: Connection, key: tuple[UUID, UUID], told: Told) -> None:
    """Add a line to its history."""
    await connection.execute(
        _TELL, *key, told.kind, told.words, told.detail, told.member_id, told.at
    )


async def told(connection: Connection, key: tuple[UUID, UUID]) -> list[Told]:
    """Its history, oldest first; of a long one the newest 200 lines."""
    rows = await connection.fetch(_TOLD, *key, TOLD_MAX)
    return [Told(*row) for row in reversed(rows)]


async def arms(connection: Connection, key: tuple[UUID, UUID]) -> dict[bool, Arm]:
    """What was seen, by whether it is the candidate's."""
    return {
        row["candidate"]: Arm(row["n"], dict(zip(METRICS, list(row)[2:], strict=True)))
        for row in await connection.fetch(_ARMS, *key)
    }


async def drawn(connection: Connection, key: tuple[UUID, UUID], up_to: int) -> list[Drawn]:
    """The conversations it was judged by, in the order they began."""
    rows = await connection.fetch(_DRAWN, *key, up_to)
    return [Drawn(row["candidate"], row["share"], tuple(row["marks"])) for row in rows]


async def shadow_turns(connection: Connection, key: tuple[UUID, UUID]) -> list[ShadowTurn]:
    """The newest fifty turns it was compared in, those that differ first."""
    return [ShadowTurn(*row) for row in await connection.fetch(_TURNS, *key, TURNS_MAX)]


async def was_compared(connection: Connection, key: tuple[UUID, UUID], turn_id: UUID) -> bool:
    """Whether it was compared in this turn."""
    return bool(await connection.fetchval(_COMPARED, *key, turn_id))


async def shadow_report(connection: Connection, key: tuple[UUID, UUID]) -> ShadowReport:
    """What the shadow showed so far."""
    row = await connection.fetchrow(_SHADOW, *key, REPLY_KINDS, ACTION_KINDS)
    kinds = {found["kind"]: found["n"] for found in await connection.fetch(_KINDS, *key)}
    return ShadowReport(
        row["turns"], row["followed"], row["same_reply"], row["same_actions"], row["failed"],
        kinds, (row["cpu_before"], row["cpu_after"]), (row["tokens_before"], row["tokens_after"]),
        (row["calls_before"], row["calls_after"]),
    )  # fmt: skip


def first_id(at: datetime) -> UUID:
    """The lowest id anything begun then can have. Source: RFC 9562, section 5.7 (UUIDv7)."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def _steps(draw: Draw) -> Sequence[dict[str, Any]]:
    return [msgspec.structs.asdict(step) for step in draw.steps]


def _rollout(row: Any) -> Rollout:
    values = dict(row)
    version, digest, manifest = (values.pop(name) for name in ("version", "digest", "manifest"))
    release = Candidate(version, digest, manifest, tuple(values.pop("grants")))
    steps = tuple(Step(**step) for step in values.pop("steps"))
    draw = Draw(values["id"], values.pop("seed"), steps)
    plan = msgspec.convert(values.pop("plan"), Plan)
    return Rollout(**values, candidate=release, plan=plan, draw=draw)
