"""What a turn did, for the merchant whose turn it is."""

from typing import Any

from hyperpersonal_core.api import Member, RecordedTurns
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from hyperpersonal_web.http.path_ids import identified
from hyperpersonal_web.replaying.deeds import deeds


@get("/turns/{turn:str}/calls", operation_id="ReadTurnCalls")
async def read_calls(
    turn: FromPath[str],
    member: NamedDependency[Member],
    recorded: NamedDependency[RecordedTurns],
) -> dict[str, Any]:
    """Every plugin the turn called and every host call those made, with answer, time and cost."""
    return deeds(await recorded.read(member.tenant_id, identified("turn", turn)))
