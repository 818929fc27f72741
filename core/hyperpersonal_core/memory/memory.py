"""The runtime's memory port: what a plugin may ask of memory, scoped to its turn.

The scope's contact and conversation are the host's, never the plugin's to choose.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallScope
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer
from msgspec import Struct

from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.memory.facts import Facts, NewFact
from hyperpersonal_core.memory.recall import PASSAGES_MAX, Recall
from hyperpersonal_core.memory.recalled import RecallAsk

QUERY_CHARS_MAX = 2000


class Memory:
    """Implements the runtime's `MemoryPort`; answers, never raises for a foreseen failure."""

    def __init__(self, recall: Recall, facts: Facts) -> None:
        self._recall = recall
        self._facts = facts

    async def recall(self, scope: CallScope, query: str, limit: int) -> HostAnswer:
        """Facts about the scope's contact, and passages near `query` (empty: none)."""
        if not scope.contact_id:
            return _refused("this call has no contact to recall")
        ask = RecallAsk(
            UUID(scope.tenant_id),
            UUID(scope.contact_id),
            UUID(scope.conversation_id or scope.contact_id),
            query[:QUERY_CHARS_MAX],
            min(limit, PASSAGES_MAX),
        )
        try:
            recalled = await self._recall.recall(ask)
        except OutsideError as error:
            return _failed(error)
        return HostAnswer(
            {"facts": _listed(recalled.facts), "passages": _listed(recalled.passages)}
        )

    async def remember(self, scope: CallScope, key: str, value: Any, call_key: str) -> HostAnswer:
        """Keep a fact about the scope's contact, once a call key."""
        if not scope.contact_id:
            return _refused("this call has no contact to remember about")
        turn = UUID(scope.turn_id) if scope.turn_id else None
        fact = NewFact(
            UUID(scope.tenant_id), UUID(scope.contact_id), key, value, turn, call_key or None
        )
        try:
            await self._facts.remember(fact)
        except RefusedError as error:
            return _refused(error.message)
        return HostAnswer({"remembered": key})

    async def search(self, scope: CallScope, query: str, limit: int) -> HostAnswer:
        """The tenant's passages nearest to `query`."""
        texts = [query[:QUERY_CHARS_MAX]]
        limit = max(0, min(limit, PASSAGES_MAX))
        try:
            (found,) = await self._recall.search_many(UUID(scope.tenant_id), texts, limit)
        except OutsideError as error:
            return _failed(error)
        return HostAnswer({"passages": _listed(found)})


def _listed(values: Sequence[Struct]) -> list[Any]:
    return [msgspec.to_builtins(value) for value in values]


def _refused(message: str) -> HostAnswer:
    return HostAnswer(failure=Failure(FailureKind.INVALID, message))


def _failed(error: OutsideError) -> HostAnswer:
    return HostAnswer(failure=Failure(FailureKind.UNAVAILABLE, str(error)))
