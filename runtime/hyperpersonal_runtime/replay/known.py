"""The answers a turn has on record, found by what was asked."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from hyperpersonal_runtime.replay.trace import Asked, How, canonical

DONE = '{"value":{}}'
# What these answer says nothing but that they were done.
PLAIN_WRITES = frozenset({"kv.put", "kv.delete", "memory.remember"})


class _Aimed(Struct):
    """The part of a request that says at what it is aimed."""

    tool: str = ""
    method: str = "GET"
    url: str = ""


class Known:
    """Answers by name and request; the keys of a request may come in any order.

    Args:
        own: the recorded calls of the hook call that is replayed, in order.
        turn: every recorded call of the turn.
    """

    def __init__(self, own: Iterable[Asked], turn: Iterable[Asked]) -> None:
        self._own: dict[tuple[str, str], list[Asked]] = defaultdict(list)
        for one in own:
            self._own[one.name, canonical(one.request)].append(one)
        turn = tuple(turn)
        self._turn = {(one.name, canonical(one.request)): one for one in turn}
        self._writes = {aim(one.name, one.request): one for one in turn if one.write}
        self._used: dict[tuple[str, str], int] = {}

    def rewind(self) -> None:
        """The run begins again: nothing was asked yet."""
        self._used = {}

    def same(self, name: str, request: str) -> tuple[How, Asked] | None:
        """The same call on record: its own, then one of the turn. None: there is none."""
        key = name, canonical(request)
        own, used = self._own.get(key, []), self._used.get(key, 0)
        self._used[key] = used + 1
        if used < len(own):
            return "recorded", own[used]
        if own:
            return "again", own[-1]
        other = self._turn.get(key)
        return None if other is None or other.answer is None else ("elsewhere", other)

    def like(self, name: str, request: str) -> str | None:
        """What a write with the same aim was answered."""
        if name in PLAIN_WRITES:
            return DONE
        other = self._writes.get(aim(name, request))
        return None if other is None else other.answer


def aim(name: str, request: str) -> str:
    """At what a call is aimed: the tool, or method and address without its query."""
    try:
        asked = msgspec.json.decode(request, type=_Aimed)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return name
    if name == "http.fetch":
        return f"{asked.method} {asked.url.partition('?')[0]}"
    return asked.tool or name
