"""`knowledge.search`: the merchant's nearest passages."""

from hyperpersonal_sdk.contract.outcomes import Failure, HostAnswer
from msgspec import Struct

from hyperpersonal_runtime.hostcalls.context import Context, Effect, invalid
from hyperpersonal_runtime.hostcalls.memory import QUERY_CHARS_MAX

PASSAGES_MAX = 20


class Search(Struct, frozen=True, forbid_unknown_fields=True):
    query: str
    limit: int = 3


def search(ask: Search, context: Context) -> Effect | Failure:
    """The merchant's passages nearest to the query."""
    refusal = context.granter.search()
    if refusal:
        return refusal
    if not 1 <= len(ask.query) <= QUERY_CHARS_MAX or not 1 <= ask.limit <= PASSAGES_MAX:
        return invalid(f"query: 1..{QUERY_CHARS_MAX} characters; limit: 1..{PASSAGES_MAX}")
    return Effect(lambda: _search(ask, context))


async def _search(ask: Search, context: Context) -> HostAnswer:
    """The guest always sees {"passages": [...]}, also where the port gives the bare list."""
    answer = await context.ports.memory.search(context.scope, ask.query, ask.limit)
    if isinstance(answer.value, list):
        return HostAnswer({"passages": answer.value})
    return answer
