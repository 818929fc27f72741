"""`/health`: is this process able to take a message now."""

import asyncio

import msgspec
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from hyperpersonal_web.walls import Walls

CHECK_DEADLINE_S = 2.0


class Health(msgspec.Struct, frozen=True):
    """`ok` when both answer: PostgreSQL holds the truth, NATS wakes the workers.

    `sandbox`: the weakest wall around plugins among the runtime processes heard of in the last
    seconds: namespaces, landlock or none; unknown when none is heard.
    """

    status: str
    database: bool
    bus: bool
    sandbox: str


@get("/health", operation_id="Health", tags=["operations"])
async def health(
    db: NamedDependency[Database], bus: NamedDependency[Bus], walls: NamedDependency[Walls]
) -> Response[Health]:
    """503 while PostgreSQL or NATS is away."""
    database = await _database_answers(db)
    fine = database and bus.connected
    body = Health("ok" if fine else "degraded", database, bus.connected, walls.weakest())
    return Response(body, status_code=HTTP_200_OK if fine else HTTP_503_SERVICE_UNAVAILABLE)


async def _database_answers(db: Database) -> bool:
    try:
        async with asyncio.timeout(CHECK_DEADLINE_S), db.transaction() as connection:
            return bool(await connection.fetchval("select 1"))
    except (OutsideError, TimeoutError):
        return False
