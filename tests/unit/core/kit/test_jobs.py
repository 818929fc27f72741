import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
from fakes.jobs import let_heartbeats_age
from hyperpersonal_core.kit import db as db_module
from hyperpersonal_core.kit import jobs as jobs_module
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import CallerBugError
from hyperpersonal_core.kit.jobs import Job, Jobs, RescheduleError
from hyperpersonal_core.kit.jobs import enqueue as put


@pytest.fixture
async def jobs(dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Jobs]:
    monkeypatch.setattr(jobs_module, "CONNECT_DEADLINE_S", 60)  # a busy machine is no outage
    made = await Jobs.open(dsn)
    yield made
    await made.close()


@contextlib.asynccontextmanager
async def running(jobs: Jobs) -> AsyncIterator[None]:
    task = asyncio.create_task(jobs.run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not done():
            await asyncio.sleep(0.02)


async def until_status(jobs: Jobs, job_id: int, status: str) -> None:
    async with asyncio.timeout(60):
        while await jobs.status(job_id) != status:
            await asyncio.sleep(0.05)


async def enqueue(db: Database, jobs: Jobs, payload: bytes, **more: object) -> int | None:
    async with db.transaction() as connection:
        return await put(connection, "work", payload, **more)  # type: ignore[arg-type]


async def test_that_a_job_runs_and_is_known_as_successful(db: Database, jobs: Jobs) -> None:
    seen: list[Job] = []

    async def work(job: Job) -> None:
        seen.append(job)

    jobs.register("work", work)
    job_id = await enqueue(db, jobs, b"1")
    assert job_id is not None
    assert await jobs.status(job_id) == "queued"
    async with running(jobs):
        await until(lambda: bool(seen))
    assert (seen[0].payload, seen[0].attempt) == (b"1", 1)
    assert await jobs.status(job_id) == "successful"
    assert await jobs.status(10**9) == "unknown"


async def test_that_a_rolled_back_transaction_leaves_no_job(db: Database, jobs: Jobs) -> None:
    made: list[int | None] = []
    with contextlib.suppress(ZeroDivisionError):
        async with db.transaction() as connection:
            made.append(await put(connection, "work", b""))
            raise ZeroDivisionError
    assert made[0] is not None
    assert await jobs.status(made[0]) == "unknown"


async def test_that_a_key_waits_once(db: Database, jobs: Jobs) -> None:
    assert await enqueue(db, jobs, b"1", key="nightly") is not None
    assert await enqueue(db, jobs, b"2", key="nightly") is None


async def test_that_a_failing_job_is_tried_again_then_held_then_retried(
    db: Database, jobs: Jobs
) -> None:
    attempts: list[int] = []

    async def work(job: Job) -> None:
        attempts.append(job.attempt)
        if len(attempts) < 3:
            raise ValueError("not yet")

    jobs.register("work", work, attempts_max=2)
    job_id = await enqueue(db, jobs, b"")
    assert job_id is not None
    async with running(jobs):
        await until(lambda: len(attempts) == 2)
        await until_status(jobs, job_id, "failed")
        await jobs.retry(job_id)
        await until(lambda: len(attempts) == 3)
    assert attempts == [1, 2, 1]
    assert await jobs.status(job_id) == "successful"


async def test_that_a_handler_may_reschedule_itself(db: Database, jobs: Jobs) -> None:
    attempts: list[int] = []

    async def work(job: Job) -> None:
        attempts.append(job.attempt)
        if len(attempts) == 1:
            raise RescheduleError(0.1)

    jobs.register("work", work, attempts_max=1)
    await enqueue(db, jobs, b"")
    async with running(jobs):
        await until(lambda: len(attempts) == 2)


async def test_that_a_cancelled_job_never_runs(db: Database, jobs: Jobs) -> None:
    seen: list[bytes] = []

    async def work(job: Job) -> None:
        seen.append(job.payload)

    jobs.register("work", work)
    first = await enqueue(db, jobs, b"first")
    assert first is not None
    await jobs.cancel(first)
    await enqueue(db, jobs, b"second")
    async with running(jobs):
        await until(lambda: bool(seen))
    assert seen == [b"second"]
    assert await jobs.status(first) == "canceled"


async def test_that_a_huge_payload_is_our_bug(db: Database, jobs: Jobs) -> None:
    with pytest.raises(CallerBugError):
        await enqueue(db, jobs, b"x" * 70_000)


async def test_that_a_lost_database_only_interrupts(db: Database, jobs: Jobs, dsn: str) -> None:
    seen: list[bytes] = []

    async def work(job: Job) -> None:
        seen.append(job.payload)

    jobs.register("work", work)
    async with running(jobs):
        before = await enqueue(db, jobs, b"before")
        assert before is not None
        await until_status(jobs, before, "successful")
        owner = await asyncpg.connect(dsn)
        await owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        await owner.execute(
            "insert into pgqueuer (priority, status, entrypoint, payload)"
            " values (0, 'queued', 'work', 'after')"
        )
        await owner.close()
        await until(lambda: len(seen) == 2)
    assert seen == [b"before", b"after"]


async def test_that_a_process_without_handlers_has_nothing_to_run(jobs: Jobs) -> None:
    async with asyncio.timeout(60):
        await jobs.run()


async def test_that_a_name_has_one_handler(jobs: Jobs) -> None:
    async def work(job: Job) -> None: ...

    jobs.register("work", work)
    with pytest.raises(CallerBugError):
        jobs.register("work", work)


async def test_that_a_job_that_does_not_end_keeps_no_process(
    db: Database, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "DRAIN_S", 0.1)
    begun, over = asyncio.Event(), asyncio.Event()

    async def work(job: Job) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            over.set()

    jobs.register("work", work)
    await enqueue(db, jobs, b"")
    async with running(jobs):
        await asyncio.wait_for(begun.wait(), 60)
    await asyncio.wait_for(over.wait(), 60)
    assert jobs._pool.get_idle_size() == jobs._pool.get_size(), "no connection is kept"


async def test_that_a_connection_that_is_kept_keeps_no_process(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db_module, "CLOSE_DEADLINE_S", 0.1)
    kept = await jobs._pool.acquire()
    await asyncio.wait_for(jobs.close(), 60)
    with pytest.raises(asyncpg.InterfaceError, match="released"):
        await kept.fetchval("select 1")


DIES = """
import asyncio, os, sys
from hyperpersonal_core.kit.jobs import Job, Jobs

async def work(job: Job) -> None:
    os._exit(9)

async def main() -> None:
    jobs = await Jobs.open(sys.argv[1])
    jobs.register("work", work)
    await jobs.run()

asyncio.run(main())
"""


async def test_that_a_job_survives_its_worker(db: Database, jobs: Jobs, dsn: str) -> None:
    job_id = await enqueue(db, jobs, b"precious")
    dead = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", DIES, dsn], timeout=100, check=False
    )
    assert dead.returncode == 9
    assert job_id is not None
    assert await jobs.status(job_id) == "picked"
    await let_heartbeats_age(dsn)
    seen: list[bytes] = []

    async def work(job: Job) -> None:
        seen.append(job.payload)

    jobs.register("work", work)
    async with running(jobs):
        await until(lambda: bool(seen))
    assert seen == [b"precious"]
