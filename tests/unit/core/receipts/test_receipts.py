"""Every billable call of a finished turn gets exactly one receipt, whoever seals and when."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from fakes.turns import MEMBER, TENANT, Rig
from hyperpersonal_core.installations.journal import LiveTurn
from hyperpersonal_core.installations.sealed import JournalRow
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.receipts.due import DueCall, due_calls
from hyperpersonal_core.receipts.export import export
from hyperpersonal_core.receipts.keys import ReceiptKeys
from hyperpersonal_core.receipts.sealer import ReceiptSealer
from hyperpersonal_runtime.api import CallRecord, CallScope
from hyperpersonal_sdk.contract.hooks import ReviewVerdict
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.turns import TurnReply
from hyperpersonal_sdk.receipts import Receipt, Report, call_hash, verify

OTHER = UUID(int=2)


@pytest.fixture
def keys(tmp_path: Path) -> ReceiptKeys:
    return ReceiptKeys(tmp_path / "receipt.keys")


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[Rig]:
    made = await Rig(db, bus).prepare()
    yield made
    await made.stop()


async def due(db: Database, tenant: UUID, turn: int, calls: int = 1) -> None:
    """A finished turn's row, as the turn's end writes it."""
    facts = [
        DueCall("acme/x@1.0.0", "sha256:x", str(n or ""), "reply", "ok", "aa", {"calls": 1})
        for n in range(calls)
    ]
    async with db.transaction(tenant) as connection:
        await connection.execute(
            "insert into receipts_due (tenant_id, turn_id, at, calls) values ($1, $2, $3, $4)",
            tenant, UUID(int=turn), datetime.now(UTC), msgspec.msgpack.encode(facts),
        )  # fmt: skip


async def exported(db: Database, keys: ReceiptKeys, tenant: UUID = TENANT, first: int = 1) -> Any:
    return [line async for line in export(db, keys, SystemClock(), tenant, first)]


async def report(db: Database, keys: ReceiptKeys, tenant: UUID = TENANT) -> Report:
    return verify(await exported(db, keys, tenant), keys.public, str(tenant))


def receipt_of(line: bytes) -> Receipt:
    return msgspec.convert(msgspec.json.decode(line)["receipt"], Receipt)


async def test_that_a_turns_calls_get_receipts(rig: Rig, keys: ReceiptKeys) -> None:
    async def answers(request: Any, calls: Any) -> TurnReply:
        await calls.tool("commerce.orders.get", "open")
        return TurnReply("It is open.", confidence=0.9)

    async def passes(_: Any) -> ReviewVerdict:
        return ReviewVerdict("pass")

    await rig.agent("order", answers)
    await rig.guard("polite", passes)
    rig.start()
    await rig.ask("where is my order")
    assert await ReceiptSealer(rig.db, keys).seal_all() == 2
    found = await report(rig.db, keys)
    assert (found.faults, found.count) == ([], 2)
    lines = await exported(rig.db, keys)
    by_hook = {receipt_of(line).hook: receipt_of(line) for line in lines[:-1]}
    reply = by_hook["reply"]
    assert (reply.plugin, reply.release) == ("acme/x@1.0.0", "sha256:order")
    assert reply.units["calls"] == 1
    assert reply.units["host_calls"] == 1
    (asked,) = [call for call in rig.host.calls if call.hook == "reply"]
    told = TurnReply("It is open.", confidence=0.9)
    value = msgspec.json.encode(told).decode()
    assert reply.call == call_hash("reply", asked.payload.decode(), "ok", value)


def test_that_units_are_counted_for_who_used_them() -> None:
    """Whole numbers, of the call's own host calls; a model's tokens by its own answer."""

    def record(path: str, hook: str, value: str) -> CallRecord:
        scope = CallScope(str(TENANT), str(TENANT), path=path)
        return CallRecord(
            "acme/x", "1.0.0", "sha256:x", hook, "{}", scope, Outcome.OK, value=value,
            guest_cpu_ms=1.2345,
        )  # fmt: skip

    def row(path: str, name: str, cost: dict[str, Any] | None = None) -> JournalRow:
        return JournalRow(path, TENANT, name, "{}", cost=cost)

    usage = '{"text":"hi","usage":{"tokens_in":7,"tokens_out":0}}'
    calls = [record("", "reply", "{}"), record("2.1", "generate", usage),
             record("2.2", "generate", usage.replace("7", "7" * 30)),
             record("2.3", "generate", "")]  # fmt: skip
    rows = [
        row("1", "kv.get"),
        row("2", "model.generate", {"tokens_in": 7, "micros": {"USD": 3}, "unpriced": True}),
        row("2.1.1", "http.fetch", {"requests": 1, "bytes_in": 90, "bytes_out": -9, "no": 10**30}),
        row("agent2.1", "kv.get", {"requests": 100}),
    ]
    turn = LiveTurn(
        TENANT, TENANT, TENANT, 1, rows={r.path: r for r in rows}, calls={c.path: c for c in calls}
    )
    agent, model, *none = due_calls(turn)
    assert [one.units for one in none] == [{"calls": 1, "guest_cpu_us": 1234}] * 2
    assert agent.units == {"calls": 1, "guest_cpu_us": 1234, "host_calls": 2, "tokens_in": 7}
    assert model.units == {
        "calls": 1, "guest_cpu_us": 1234, "host_calls": 1, "requests": 1, "bytes_in": 90,
        "tokens_in": 7,
    }  # fmt: skip


async def test_that_a_turn_taken_over_is_not_billed_for_nothing(
    rig: Rig, keys: ReceiptKeys
) -> None:
    """The person took over before anything was done: no receipt; nor one for a stranger's end."""
    waits, taken = asyncio.Event(), asyncio.Event()

    async def slow(request: Any, calls: Any) -> TurnReply:
        waits.set()
        await taken.wait()
        return TurnReply("late", confidence=0.9)

    await rig.agent("order", slow)
    rig.start()
    conversation = await rig.conversation()
    await rig.write(conversation, "order?")
    await waits.wait()
    await rig.handoffs.take_over(TENANT, conversation, MEMBER)
    taken.set()
    await rig.turns_over()
    assert await ReceiptSealer(rig.db, keys).seal_all() == 0
    assert (await report(rig.db, keys)).count == 0


async def test_that_many_sealers_give_each_number_once(db: Database, keys: ReceiptKeys) -> None:
    for turn in range(60):
        await due(db, TENANT if turn % 3 else OTHER, turn + 1, calls=3)
    sealers = [ReceiptSealer(db, keys) for _ in range(6)]
    sealed = await asyncio.gather(*(sealer.seal_all() for sealer in sealers))
    while more := await sealers[0].seal_all():
        sealed.append(more)
    assert sum(sealed) == 180
    for tenant, count in ((TENANT, 120), (OTHER, 60)):
        found = await report(db, keys, tenant)
        assert (found.faults, found.first, found.last) == ([], 1, count)


async def test_that_a_sealer_cut_anywhere_leaves_no_gap_and_no_double(
    db: Database, keys: ReceiptKeys
) -> None:
    for turn in range(40):
        await due(db, TENANT, turn + 1)
    for n in range(30):
        task = asyncio.create_task(ReceiptSealer(db, keys).seal(TENANT))
        await asyncio.sleep(n / 10_000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await ReceiptSealer(db, keys).seal_all()
    found = await report(db, keys)
    assert (found.faults, found.count) == ([], 40)


async def test_that_a_new_key_signs_and_old_receipts_stay_right(
    db: Database, keys: ReceiptKeys, tmp_path: Path
) -> None:
    running = ReceiptSealer(db, ReceiptKeys(tmp_path / "receipt.keys"))
    await due(db, TENANT, 1)
    await running.seal_all()
    newest = keys.rotate()
    await due(db, TENANT, 2)
    await running.seal_all()
    lines = await exported(db, keys)
    assert [receipt_of(line).key == newest for line in lines[:-1]] == [False, True]
    assert (await report(db, keys)).faults == []
    old = dict(list(keys.public.items())[:1])
    assert {fault.kind for fault in verify(lines, old).faults} == {"unknown_key", "no_end"}


async def test_that_a_later_part_can_be_exported(db: Database, keys: ReceiptKeys) -> None:
    for turn in range(5):
        await due(db, TENANT, turn + 1)
    await ReceiptSealer(db, keys).seal_all()
    part = verify(await exported(db, keys, first=4), keys.public)
    assert (part.faults, part.first, part.last) == ([], 4, 5)
    assert verify(await exported(db, keys, first=6), keys.public).faults == []


async def test_that_the_database_refuses_to_change_a_receipt(
    db: Database, keys: ReceiptKeys
) -> None:
    await due(db, TENANT, 1)
    await ReceiptSealer(db, keys).seal_all()
    for change in ("update receipts set path = 'x'", "delete from receipts"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
            async with db.transaction(TENANT) as connection:
                await connection.execute(change)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with db.transaction(TENANT) as connection:
            await connection.execute("insert into receipts select * from receipts")
