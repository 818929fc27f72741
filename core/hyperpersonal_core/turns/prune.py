"""The journals of old turns go, every night.

Rules: a tenant's setting `journal_days` says how long they are kept (90 days when it says nothing);
a turn that still runs keeps its journal; what a turn did stays told in the timeline.
"""

from datetime import datetime, timedelta
from uuid import UUID

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.jobs import Job, RescheduleError, enqueue

PRUNE_JOB = "journals.prune"
JOURNAL_DAYS = 90
NIGHT_HOUR_UTC = 3
ROWS_A_BATCH = 5_000

_RETENTIONS = "select tenant_id, days from journal_retentions($1)"
# A turn's id (UUIDv7) begins with the time it was made, so the primary key finds the old ones.
_PRUNE = """
delete from journal where (tenant_id, turn_id, part) in (
  select j.tenant_id, j.turn_id, j.part from journal j
    join turns t on t.tenant_id = j.tenant_id and t.id = j.turn_id and t.status <> 'running'
   where j.tenant_id = $1 and j.turn_id < $2 order by j.turn_id limit $3)"""


class JournalPruner:
    """Deletes the journals of turns that are older than their tenant keeps them."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._log = log.get("prune")

    async def plan(self) -> None:
        """Let the job run tonight; nothing where it waits already."""
        async with self._db.transaction() as connection:
            delay_s = _until_night_s(self._clock.now())
            await enqueue(connection, PRUNE_JOB, b"", key=PRUNE_JOB, delay_s=delay_s)

    async def run(self, _job: Job) -> None:
        """The handler: prunes, and asks to be called again the next night, whatever came of it."""
        try:
            self._log.info("journals.pruned", rows=await self.prune())
        except Exception:
            self._log.exception("journals.not_pruned")
        raise RescheduleError(_until_night_s(self._clock.now()))

    async def prune(self) -> int:
        """How many rows went."""
        async with self._db.transaction() as connection:
            retentions = await connection.fetch(_RETENTIONS, JOURNAL_DAYS)
        return sum([await self._prune(row["tenant_id"], row["days"]) for row in retentions])

    async def _prune(self, tenant_id: UUID, days: int) -> int:
        oldest = _first_id_of(self._clock.now() - timedelta(days=days))
        gone = 0
        while True:
            async with self._db.transaction(tenant_id) as connection:
                told = await connection.execute(_PRUNE, tenant_id, oldest, ROWS_A_BATCH)
            rows = int(told.split()[1])
            gone += rows
            if rows < ROWS_A_BATCH:
                return gone


def _first_id_of(moment: datetime) -> UUID:
    """The least UUIDv7 of a moment. Source: RFC 9562, section 5.7."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _until_night_s(now: datetime) -> float:
    tonight = now.replace(hour=NIGHT_HOUR_UTC, minute=0, second=0, microsecond=0)
    if tonight <= now:
        tonight += timedelta(days=1)
    return (tonight - now).total_seconds()
