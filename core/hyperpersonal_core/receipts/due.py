"""What a finished turn will have receipts for: kept with its end, exactly once.

The turn's transaction only writes one row; numbers, hashes and signatures come within about a
second, in the background (`sealer`). A row is there if and only if the turn's end is.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from hyperpersonal_runtime.api import CallRecord
from hyperpersonal_sdk.contract.models import Usage
from hyperpersonal_sdk.receipts import call_hash
from msgspec import Struct, structs

from hyperpersonal_core.installations.journal import LiveTurn
from hyperpersonal_core.installations.sealed import JournalRow
from hyperpersonal_core.kit.db import Connection

_KEEP = """
insert into receipts_due (tenant_id, turn_id, at, calls)
select t, n, $1, c from unnest($2::uuid[], $3::uuid[], $4::bytea[]) as i(t, n, c)"""
GENERATE = "generate"
COUNT_MAX = 1 << 50


class _Answered(Struct, frozen=True):
    usage: Usage = Usage()


_answers = msgspec.json.Decoder(_Answered)
_encoder = msgspec.msgpack.Encoder()


class DueCall(Struct, frozen=True, array_like=True):
    """A hook call that a tenant's plugin served. `call`: sdk.receipts.call_hash."""

    plugin: str
    release: str
    path: str
    hook: str
    outcome: str
    call: str
    units: dict[str, int]


async def keep(connection: Connection, at: datetime, turns: Iterable[LiveTurn]) -> None:
    """Within the transaction that ended these turns, and only those it ended."""
    billed = [turn for turn in turns if turn.calls]
    if billed:
        await connection.execute(
            _KEEP, at, [turn.tenant_id for turn in billed], [turn.turn_id for turn in billed],
            [_encoder.encode(due_calls(turn)) for turn in billed],
        )  # fmt: skip


def due_calls(turn: LiveTurn) -> list[DueCall]:
    """The turn's hook calls, in the order they ended."""
    return [_due(record, list(turn.rows.values())) for record in turn.calls.values()]


def _due(record: CallRecord, rows: Sequence[JournalRow]) -> DueCall:
    outcome = record.outcome.value
    return DueCall(
        f"{record.plugin_id}@{record.version}", record.digest, record.path, record.hook, outcome,
        call_hash(record.hook, record.payload, outcome, record.value), _units(record, rows),
    )  # fmt: skip


def _units(record: CallRecord, rows: Sequence[JournalRow]) -> dict[str, int]:
    """Whole numbers only, so that sums have no rounding: CPU in microseconds. An agent's tokens are
    those it asked for, a model's those it served."""
    units = {"calls": 1, "guest_cpu_us": round(record.guest_cpu_ms * 1000)}
    prefix = f"{record.path}." if record.path else ""
    for row in rows:
        if row.path.startswith(prefix) and row.path[len(prefix) :].isdigit():
            units["host_calls"] = units.get("host_calls", 0) + 1
            _add(units, row.cost or {})
    if record.hook == GENERATE:
        _add(units, structs.asdict(_usage(record.value)))
    return units


def _usage(value: str) -> Usage:
    """What a model told in its answer; nothing where it gave none."""
    try:
        return _answers.decode(value).usage
    except msgspec.MsgspecError:
        return Usage()


def _add(units: dict[str, int], more: Mapping[str, Any]) -> None:
    """Counts only, and none that no meter could show."""
    for name, count in more.items():
        if type(count) is int and 0 < count < COUNT_MAX:
            units[name] = units.get(name, 0) + count
