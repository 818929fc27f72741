"""One scene: hook calls that follow each other in a world."""

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
KEY, SETTING = "key-1f0c", "https://api.shop.example"  # SETTING: what a merchant set
Json = dict[str, Any]


class Scene(Struct, frozen=True):
    """Hook calls that follow each other in one world. `carries`: state goes on from reply to
    reply; `chance`: see Stage.run; `word`, `total`: where the shop's orders come from and what
    they sum up to, in minor units, when a scene is about that; `knows`: whether there are articles
    and facts; `deep`: whether it says all at once that a write needs; `broken`: whether writes and
    addresses fail; `shape`: of the JSON that the sources read."""

    name: str
    hook: str
    payloads: tuple[Json, ...]
    now: datetime = NOW
    chance: int = 0
    carries: bool = False
    word: str = ""
    total: int = 0
    knows: bool = True
    deep: bool = False
    broken: bool = False
    shape: Json = {}
