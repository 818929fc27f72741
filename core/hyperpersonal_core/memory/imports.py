"""Imports of many articles: taken at once, done by a job, followed by their status.

Rules: the file, the import and its job are written in one transaction; a job that is run again
finds what was imported already unchanged, and goes on; the file is dropped when all is imported.
"""

import contextlib
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError, OutsideError, RefusedError
from hyperpersonal_core.kit.ids import Ids
from hyperpersonal_core.kit.jobs import Job, enqueue
from hyperpersonal_core.memory.documents import read_documents
from hyperpersonal_core.memory.knowledge import Imported, Knowledge

IMPORT_JOB = "knowledge.import"
IMPORT_ATTEMPTS_MAX = 5

_BEGIN = """
insert into imports (tenant_id, id, name, data, documents, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $6)"""

_READ = """
select id, name, status, documents, added, changed, unchanged, passages, error, created_at,
       updated_at
  from imports where tenant_id = $1 and id = $2"""

_TELL = """
update imports set status = $3, added = $4, changed = $5, unchanged = $6, passages = $7,
       error = '', updated_at = $8, data = case when $3 = 'done' then null else data end
 where tenant_id = $1 and id = $2"""

_FAIL = (
    "update imports set status = $3, error = $4, updated_at = $5 where tenant_id = $1 and id = $2"
)


class ImportView(Struct, frozen=True):
    """An import as it stands. The counts are of the present run: what an interrupted run had
    imported is `unchanged` in the next. `error`: what went wrong last; it is tried again unless
    `status` is failed."""

    id: UUID
    name: str
    status: Literal["waiting", "running", "done", "failed"]
    documents: int
    added: int
    changed: int
    unchanged: int
    passages: int
    error: str
    created_at: datetime
    updated_at: datetime


class _Which(Struct, frozen=True):
    tenant_id: UUID
    id: UUID


class Imports:
    """Takes imports and does them."""

    def __init__(self, db: Database, knowledge: Knowledge, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._knowledge = knowledge
        self._clock = clock
        self._ids = ids

    async def begin(self, tenant_id: UUID, name: str, data: bytes, documents: int) -> UUID:
        """Take a file that `read_documents` could read; the import's id. A job does the rest."""
        which = _Which(tenant_id, self._ids.new())
        async with self._db.transaction(tenant_id) as connection:
            now = self._clock.now()
            await connection.execute(_BEGIN, tenant_id, which.id, name, data, documents, now)
            await enqueue(connection, IMPORT_JOB, msgspec.json.encode(which), key=which.id.hex)
        return which.id

    async def read(self, tenant_id: UUID, import_id: UUID) -> ImportView:
        """How far an import is.

        Raises:
            NotFoundError: the tenant has no such import.
        """
        async with self._db.transaction(tenant_id) as connection:
            row = await connection.fetchrow(_READ, tenant_id, import_id)
        if row is None:
            raise NotFoundError("there is no such import")
        return ImportView(**dict(row))

    async def run(self, job: Job) -> None:
        """The handler of the jobs called `IMPORT_JOB`."""
        which = msgspec.json.decode(job.payload, type=_Which)
        try:
            await self._import(which)
        except Exception as error:
            with contextlib.suppress(OutsideError):
                await self._fail(which, error, last=job.attempt >= IMPORT_ATTEMPTS_MAX)
            raise

    async def _import(self, which: _Which) -> None:
        async with self._db.transaction(which.tenant_id) as connection:
            query = "select name, data from imports where tenant_id = $1 and id = $2"
            row = await connection.fetchrow(query, which.tenant_id, which.id)
        if row is None or row["data"] is None:
            return
        total = Imported()
        documents = read_documents(row["name"], row["data"])
        async for part in self._knowledge.import_in_parts(which.tenant_id, documents):
            total += part
            await self._tell(which, "running", total)
        await self._tell(which, "done", total)

    async def _tell(self, which: _Which, status: str, total: Imported) -> None:
        counts, now = msgspec.structs.astuple(total), self._clock.now()
        async with self._db.transaction(which.tenant_id) as connection:
            await connection.execute(_TELL, which.tenant_id, which.id, status, *counts, now)

    async def _fail(self, which: _Which, error: Exception, *, last: bool) -> None:
        known = isinstance(error, (RefusedError, OutsideError))
        words = str(error) if known else f"it stopped with {type(error).__name__}"
        status, now = "failed" if last else "waiting", self._clock.now()
        async with self._db.transaction(which.tenant_id) as connection:
            await connection.execute(_FAIL, which.tenant_id, which.id, status, words[:500], now)
