"""Sealers killed at any moment while turns end: one receipt a call, and no number is missing."""

import asyncio
import os
import random
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.receipts.due import DueCall
from hyperpersonal_core.receipts.export import export
from hyperpersonal_core.receipts.keys import ReceiptKeys
from hyperpersonal_core.receipts.sealer import ReceiptSealer
from hyperpersonal_sdk.receipts import verify

TENANTS = [UUID(int=n) for n in (1, 2, 3)]
KILLS = int(os.environ.get("HP_KILLS", "4"))
TESTS = Path(__file__).parents[1]
CALLS = [
    DueCall("acme/x@1.0.0", "sha256:x", path, "reply", "ok", "aa", {"calls": 1})
    for path in ("", "1", "2")
]


async def turns_end(db: Database, tenant: UUID, stop: asyncio.Event) -> int:
    """Turns of one tenant end one after another, as `finish` writes it; how many."""
    ended = 0
    while not stop.is_set():
        ended += 1
        async with db.transaction(tenant) as connection:
            await connection.execute(
                "insert into receipts_due (tenant_id, turn_id, at, calls) values ($1, $2, $3, $4)",
                tenant, UUID(int=ended), datetime.now(UTC), msgspec.msgpack.encode(CALLS),
            )  # fmt: skip
        await asyncio.sleep(0.01)
    return ended


async def kill_once(dsn: str, keys: Path, after_s: float) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fakes.sealer_process", dsn, str(keys),
        cwd=TESTS, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    await asyncio.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    await process.wait()


@pytest.mark.timeout(300)
async def test_that_killed_sealers_leave_no_gap_and_no_double(
    db: Database, dsn: str, tmp_path: Path
) -> None:
    draw, keys = random.Random(7), tmp_path / "receipt.keys"
    ReceiptKeys(keys)
    stop = asyncio.Event()
    ending = [asyncio.create_task(turns_end(db, tenant, stop)) for tenant in TENANTS]
    for _ in range(0, KILLS, 2):
        await asyncio.gather(*(kill_once(dsn, keys, draw.uniform(0.01, 0.15)) for _ in range(2)))
    stop.set()
    ended = await asyncio.gather(*ending)
    signing = ReceiptKeys(keys)
    while await ReceiptSealer(db, signing).seal_all():
        await asyncio.sleep(0.01)
    for tenant, turns in zip(TENANTS, ended, strict=True):
        lines = [line async for line in export(db, signing, SystemClock(), tenant)]
        report = verify(lines, signing.public, str(tenant))
        assert (report.faults, report.count, report.last) == ([], turns * 3, turns * 3)
    print(f"\n{KILLS} kills, {sum(ended) * 3} receipts, 0 missing, 0 doubled")
