"""Background jobs in six verbs: register, enqueue, run, cancel, retry, status. pgqueuer behind.

Rules: a job is enqueued in the transaction that needs it, so neither exists without the other;
it runs at least once, so handlers are idempotent; a job of a crashed worker is taken up again
when its heartbeat is `HEARTBEAT_S` old; an error is tried again with growing delays, and after
`attempts_max` the job is held as failed until somebody calls `retry`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
from msgspec import Struct
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job as Row
from pgqueuer.domain.types import JobId
from pgqueuer.queries import Queries

from hyperpersonal_core.kit import log, tasks
from hyperpersonal_core.kit.db import (
    APP_ROLE,
    COMMAND_DEADLINE_S,
    CONNECT_DEADLINE_S,
    Connection,
    close_pool,
)
from hyperpersonal_core.kit.errors import CallerBugError

HEARTBEAT_S = 30.0
POLL_S = 1.0  # new jobs are heard at once; polls find retried ones and those of the dead
DRAIN_S = 20.0
BATCH = 10
PAYLOAD_BYTES_MAX = 64 * 1024


class Job(Struct, frozen=True):
    """What a handler gets. `attempt` counts from 1."""

    id: int
    name: str
    payload: bytes
    attempt: int


Handler = Callable[[Job], Awaitable[None]]


class RescheduleError(Exception):
    """A handler raises it to be called again after `delay_s`, without this counting as a fault."""

    def __init__(self, delay_s: float) -> None:
        super().__init__(f"again in {delay_s} s")
        self.delay_s = delay_s


async def enqueue(
    connection: Connection, name: str, payload: bytes, key: str = "", delay_s: float = 0
) -> int | None:
    """Add a job in the open transaction.

    Args:
        connection: of the transaction that needs the job.
        name: one that some process registers.
        payload: at most 64 KiB; ids, not texts.
        key: while a job with this key waits or runs, a second one is not added.
        delay_s: not before this many seconds.

    Returns:
        The job's id, or None when its key was taken.
    """
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise CallerBugError(f"a job's payload has at most {PAYLOAD_BYTES_MAX} bytes")
    query, delay = QueryQueueBuilder().build_enqueue_query("skip"), timedelta(seconds=delay_s)
    rows = await connection.fetch(query, [0], [name], [payload], [delay], [key or None], [None])
    return int(rows[0]["id"]) if rows else None


class Jobs:
    """One a process. Has connections of its own: the library wants its own JSON codec."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._queries = Queries(AsyncpgPoolDriver(pool))
        self._handlers: dict[str, tuple[Handler, int]] = {}
        self._log = log.get("jobs")

    @classmethod
    async def open(cls, dsn: str, *, size_max: int = 4) -> "Jobs":
        """Connect to the migrated database at `dsn` (postgresql://…)."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=max(2, size_max),  # one listens, the others work
            server_settings={"role": APP_ROLE},
            timeout=CONNECT_DEADLINE_S,
            command_timeout=COMMAND_DEADLINE_S,
        )
        return cls(pool)

    def register(self, name: str, handler: Handler, *, attempts_max: int = 5) -> None:
        """Let this process run jobs called `name`; before `run`."""
        if name in self._handlers:
            raise CallerBugError(f"jobs called {name!r} have a handler already")
        self._handlers[name] = (handler, attempts_max)

    async def run(self) -> None:
        """Work until cancelled; then finish what is in hand (20 s at most) and end the rest.

        A lost database interrupts the work for a second, never ends it.
        """
        while self._handlers:
            manager = self._manager()
            working = asyncio.create_task(
                manager.run(
                    dequeue_timeout=timedelta(seconds=POLL_S),
                    batch_size=BATCH,
                    heartbeat_timeout=timedelta(seconds=HEARTBEAT_S),
                )
            )
            try:
                await asyncio.shield(working)
            except asyncio.CancelledError:
                manager.shutdown.set()
                await asyncio.wait({working}, timeout=DRAIN_S)
                await tasks.end([working])  # else it keeps its connections
                raise
            except Exception:
                self._log.exception("jobs.interrupted")
                await asyncio.sleep(POLL_S)

    async def cancel(self, job_id: int) -> None:
        """Take a waiting job away; a running one is asked to stop."""
        await self._queries.mark_job_as_cancelled([JobId(job_id)])

    async def retry(self, job_id: int) -> None:
        """Give a held, failed job its attempts back."""
        await self._queries.requeue_jobs([JobId(job_id)])

    async def status(self, job_id: int) -> str:
        """`queued`, `picked`, `successful`, `canceled`, `failed`, or `unknown`."""
        row = await self._queries.queue_job_by_id(JobId(job_id))
        if row is not None:
            return row.status
        logged = await self._queries.job_status([JobId(job_id)])
        return logged[0][1] if logged else "unknown"

    async def close(self) -> None:
        """Return the connections."""
        await close_pool(self._pool)

    def _manager(self) -> QueueManager:
        """A manager of its own connections: one whose listener was lost cannot be run again."""
        manager = QueueManager(Queries(AsyncpgPoolDriver(self._pool)))
        for name, (handler, attempts_max) in self._handlers.items():
            executor = _executor(attempts_max)
            manager.entrypoint(name, on_failure="hold", executor_factory=executor)(
                _adapted(name, handler)
            )
        return manager


def _adapted(name: str, handler: Handler) -> Callable[[Row], Awaitable[None]]:
    async def execute(row: Row) -> None:
        try:
            await handler(Job(int(row.id), name, row.payload or b"", row.attempts + 1))
        except RescheduleError as later:
            raise RetryRequested(timedelta(seconds=later.delay_s)) from later

    return execute


def _executor(
    attempts_max: int,
) -> Callable[[EntrypointExecutorParameters], DatabaseRetryEntrypointExecutor]:
    # the library counts attempts from zero, so the last one is one below
    return lambda parameters: DatabaseRetryEntrypointExecutor(
        parameters, max_attempts=attempts_max - 1
    )
