"""When reports alone take a plugin away until somebody has looked: pure.

Rules:
1. One trusted reporter is enough. So are three merchants that have really used the plugin, within
   three days.
2. Nobody counts twice, and strangers and publishers do not count: a market where anybody can take
   a competitor away by three mails is none.
3. What was handled does not count again.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

Standing = Literal["trusted", "user", "other"]

WINDOW = timedelta(days=3)
USERS_NEEDED = 3
DUE: dict[Standing, timedelta] = {
    "trusted": timedelta(hours=4),
    "user": timedelta(days=1),
    "other": timedelta(days=3),
}


class Observation(Struct, frozen=True):
    """What somebody reported. `version` empty: of every release. `reporter` empty: nobody we know;
    `due_at`: by when somebody must have looked."""

    id: UUID
    plugin_id: str
    version: str
    text: str
    standing: Standing
    reporter: str
    at: datetime
    due_at: datetime
    handled_at: datetime | None = None
    handled_by: str = ""
    outcome: str = ""


def alarm(found: Iterable[Observation], now: datetime) -> str:
    """Why these reports are enough, in words; empty where they are not."""
    fresh = [one for one in found if one.handled_at is None and now - one.at <= WINDOW]
    trusted = {one.reporter for one in fresh if one.standing == "trusted"}
    users = {one.reporter for one in fresh if one.standing == "user"}
    if trusted - {""}:
        return "A trusted reporter reported it."
    if len(users - {""}) >= USERS_NEEDED:
        return f"{len(users)} merchants that use it reported it."
    return ""
