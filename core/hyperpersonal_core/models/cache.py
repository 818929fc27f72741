"""Answers given again for a while: to the same contact's same question by the same agent only.

The key holds tenant, contact, agent installation and the tenant's bundle version beside the whole
request, so no answer crosses any of them. Kept in this process's memory, never stored: what a
shopper was told is gone with the process or after a quarter of an hour. Covers: M-LLM-04.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable

import msgspec
from hyperpersonal_runtime.api import CallScope
from hyperpersonal_sdk.contract.models import GenerateAnswer, GenerateAsk, Tier
from msgspec import structs

TTL_S = 15 * 60.0
ANSWERS_MAX = 5_000
ANSWER_BYTES_MAX = 32 * 1024


class AnswerCache:
    """At most ANSWERS_MAX answers, the least used first forgotten.

    Args:
        now: seconds of a monotonic clock.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._held: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()

    def get(self, key: bytes | None) -> GenerateAnswer | None:
        """The answer under a key, while it is fresh."""
        if key is None or (held := self._held.get(key)) is None:
            return None
        kept_at, data = held
        if self._now() - kept_at > TTL_S:
            del self._held[key]
            return None
        self._held.move_to_end(key)
        return msgspec.msgpack.decode(data, type=GenerateAnswer)

    def put(self, key: bytes | None, answer: GenerateAnswer) -> None:
        """Keep a whole, willing answer."""
        if key is None or answer.error is not None or answer.stop not in ("end", "tools"):
            return
        data = msgspec.msgpack.encode(answer)
        if len(data) <= ANSWER_BYTES_MAX:
            self._held[key] = (self._now(), data)
            self._held.move_to_end(key)
        if len(self._held) > ANSWERS_MAX:
            self._held.popitem(last=False)


def key_of(scope: CallScope, ask: GenerateAsk, tier: Tier, version: int) -> bytes | None:
    """What an answer is kept under; None for an ask without a contact, or one that wants variety.

    What only says how the answer is to be brought (time, streaming) is no part of it.
    """
    if not scope.contact_id or (ask.temperature or 0) > 0:
        return None
    bare = structs.replace(ask, timeout_ms=0, stream=False)
    whose = (scope.tenant_id, scope.contact_id, scope.installation_id, version, tier)
    return hashlib.sha256(msgspec.msgpack.encode((whose, bare))).digest()
