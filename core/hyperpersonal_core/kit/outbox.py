"""What leaves the database: written in the same transaction, sent after it at least once.

Rules: `put` belongs inside the transaction that makes the news; `Relay.hurry` after its commit
only saves waiting. A row is deleted after the bus acknowledged it, so a crash anywhere in between
sends it again, and the bus stores one id once.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Connection, Database
from hyperpersonal_core.kit.errors import OutsideError

INBOUND = "hp.inbound"
TIMELINE = "hp.timeline"

SWEEP_EVERY_S = 2.0
SWEEP_AGE_S = 2.0
SWEEP_ROWS_MAX = 500
IN_FLIGHT_MAX = 256
CLEAR_EVERY_S = 0.05

_PUT = "insert into outbox (id, subject, payload, created_at) values ($1, $2, $3, $4)"
_LEFT = "select id, subject, payload from outbox where created_at < $1 order by created_at limit $2"


async def put(connection: Connection, row: tuple[UUID, str, bytes], at: datetime) -> None:
    """Write one message (id, subject, payload) into the open transaction."""
    await connection.execute(_PUT, *row, at)


class Relay:
    """Publishes outbox rows and deletes them after the acknowledgement.

    One a process; several processes may run one each: a row two of them send is stored once.
    """

    def __init__(self, db: Database, bus: Bus, clock: Clock) -> None:
        self._db = db
        self._bus = bus
        self._clock = clock
        self._sending: dict[UUID, asyncio.Task[None]] = {}
        self._sent: list[UUID] = []
        self._log = log.get("outbox")

    def hurry(self, row_id: UUID, subject: str, payload: bytes) -> None:
        """Send a committed row now, without waiting. Call only after the commit.

        With too many on their way the row is left to the sweep.
        """
        if len(self._sending) < IN_FLIGHT_MAX and row_id not in self._sending:
            task = asyncio.create_task(self._send(row_id, subject, payload))
            self._sending[row_id] = task
            task.add_done_callback(lambda _: self._sending.pop(row_id, None))

    async def run(self) -> None:
        """Delete what was sent, send what was left; runs until cancelled."""
        quiet_s = 0.0
        while True:
            await asyncio.sleep(CLEAR_EVERY_S)
            quiet_s += CLEAR_EVERY_S
            try:
                await self._clear()
                if quiet_s >= SWEEP_EVERY_S:
                    quiet_s = 0.0
                    await self.sweep()
            except OutsideError as error:
                self._log.warning("outbox.sweep_failed", error=str(error))
                await asyncio.sleep(SWEEP_EVERY_S)

    async def sweep(self, age_s: float = SWEEP_AGE_S) -> int:
        """Send rows older than `age_s` that are not on their way; returns how many it took up."""
        before = self._clock.now() - timedelta(seconds=age_s)
        async with self._db.transaction() as connection:
            rows: Sequence[Any] = await connection.fetch(_LEFT, before, SWEEP_ROWS_MAX)
        taken = [row for row in rows if row["id"] not in self._sending]
        for row in taken:
            self.hurry(row["id"], row["subject"], row["payload"])
        if taken:
            self._log.info("outbox.swept", rows=len(taken))
            await self.settle()
        return len(taken)

    async def settle(self) -> None:
        """Wait until everything on its way was acknowledged or given up, and clear it."""
        while self._sending:
            await asyncio.wait(list(self._sending.values()))
        await self._clear()

    async def close(self) -> None:
        """Settle; what cannot be settled stays in the outbox for the next start."""
        with contextlib.suppress(OutsideError):
            await self.settle()

    async def _send(self, row_id: UUID, subject: str, payload: bytes) -> None:
        try:
            await self._bus.publish(subject, payload, str(row_id))
        except OutsideError as error:
            self._log.warning("outbox.send_failed", row_id=str(row_id), error=str(error))
        else:
            self._sent.append(row_id)

    async def _clear(self) -> None:
        sent, self._sent = self._sent, []
        if not sent:
            return
        try:
            async with self._db.transaction() as connection:
                # A deletion lost in a crash only sends the row again: no need to wait for the disk.
                await connection.execute("set local synchronous_commit = off")
                await connection.execute("delete from outbox where id = any($1::uuid[])", sent)
        except BaseException:
            self._sent += sent
            raise
