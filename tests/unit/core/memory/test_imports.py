"""Many articles are imported by a job: nothing is lost when its process is, and its way is told."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fakes.jobs import let_heartbeats_age
from fakes.understanding import new_tenant, understand
from hyperpersonal_core.api import IMPORT_ATTEMPTS_MAX, IMPORT_JOB, Imports, ImportView
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.kit.jobs import Job, Jobs

COUNT = 70  # more than one part of 64
LINES = "\n".join(
    f'{{"id": "a{n}", "title": "Article {n}", "text": "Rule {n}: return it within {n} days."}}'
    for n in range(COUNT)
).encode()


def imports_of(db: Database) -> Imports:
    return Imports(db, understand(db).knowledge, SystemClock(), Uuid7Ids())


@contextlib.asynccontextmanager
async def running(dsn: str, imports: Imports) -> AsyncIterator[None]:
    jobs = await Jobs.open(dsn)
    jobs.register(IMPORT_JOB, imports.run, attempts_max=IMPORT_ATTEMPTS_MAX)
    task = asyncio.create_task(jobs.run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await jobs.close()


async def ended(imports: Imports, tenant: UUID, import_id: UUID) -> ImportView:
    async with asyncio.timeout(100):
        while (view := await imports.read(tenant, import_id)).status in ("waiting", "running"):
            await asyncio.sleep(0.05)
    return view


async def test_that_an_import_is_done_by_a_job_and_its_file_dropped(db: Database, dsn: str) -> None:
    tenant, imports = await new_tenant(db, "shop"), imports_of(db)
    import_id = await imports.begin(tenant, "rules.jsonl", LINES, COUNT)
    before = await imports.read(tenant, import_id)
    assert (before.status, before.documents, before.added) == ("waiting", COUNT, 0)
    async with running(dsn, imports):
        view = await ended(imports, tenant, import_id)
    assert (view.status, view.added, view.passages, view.error) == ("done", COUNT, COUNT, "")
    async with db.transaction(tenant) as connection:
        assert await connection.fetchval("select data from imports") is None
        assert await connection.fetchval("select count(*) from articles") == COUNT


async def test_that_what_goes_wrong_is_told(db: Database) -> None:
    tenant, imports = await new_tenant(db, "shop"), imports_of(db)
    import_id = await imports.begin(tenant, "rules.jsonl", b"not json", 1)
    payload = f'{{"tenant_id": "{tenant}", "id": "{import_id}"}}'.encode()
    for attempt, status in ((1, "waiting"), (IMPORT_ATTEMPTS_MAX, "failed")):
        with pytest.raises(Exception, match="line 1"):
            await imports.run(Job(1, IMPORT_JOB, payload, attempt))
        view = await imports.read(tenant, import_id)
        assert view.status == status
        assert "line 1" in view.error


async def test_that_an_import_of_another_tenant_is_not_there(db: Database) -> None:
    imports = imports_of(db)
    mine, other = await new_tenant(db, "shop"), await new_tenant(db, "other")
    import_id = await imports.begin(mine, "rules.jsonl", LINES, COUNT)
    for tenant, asked in ((other, import_id), (mine, uuid4())):
        with pytest.raises(NotFoundError):
            await imports.read(tenant, asked)


DIES = """
import asyncio, os, sys
sys.path.insert(0, sys.argv[2])
from fakes.jobs import let_heartbeats_age
from fakes.understanding import understand
from hyperpersonal_core.api import IMPORT_JOB, Imports
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.kit.jobs import Jobs

class Dying:
    def __init__(self, knowledge):
        self.knowledge = knowledge

    async def import_in_parts(self, tenant_id, documents):
        async for part in self.knowledge.import_in_parts(tenant_id, documents):
            yield part
            os._exit(9)  # as SIGKILL would: after the first part, before the second

async def main():
    db, jobs = await Database.open(sys.argv[1]), await Jobs.open(sys.argv[1])
    imports = Imports(db, Dying(understand(db).knowledge), SystemClock(), Uuid7Ids())
    jobs.register(IMPORT_JOB, imports.run)
    await jobs.run()

asyncio.run(main())
"""


async def test_that_an_import_survives_a_killed_jobs_process(db: Database, dsn: str) -> None:
    tenant, imports = await new_tenant(db, "shop"), imports_of(db)
    import_id = await imports.begin(tenant, "rules.jsonl", LINES, COUNT)
    command = [sys.executable, "-c", DIES, dsn, str(Path(__file__).parents[3])]
    dead = await asyncio.to_thread(subprocess.run, command, timeout=100, check=False)
    assert dead.returncode == 9
    left = await imports.read(tenant, import_id)
    assert (left.status, left.added) == ("running", 64)
    await let_heartbeats_age(dsn)
    async with running(dsn, imports):
        view = await ended(imports, tenant, import_id)
    assert (view.status, view.unchanged, view.added) == ("done", 64, COUNT - 64)
    async with db.transaction(tenant) as connection:
        counts = await connection.fetchrow(
            "select count(*), count(distinct external_id) from articles"
        )
    assert tuple(counts) == (COUNT, COUNT)
