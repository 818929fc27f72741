"""`memory.recall` and `memory.remember`: facts about the contact of the turn."""

from typing import Any

import msgspec
from hyperpersonal_sdk.contract.outcomes import Failure
from msgspec import Struct

from hyperpersonal_runtime.hostcalls.context import Context, Effect, invalid

QUERY_CHARS_MAX = 4_000
RECALL_MAX = 20
KEY_CHARS_MAX = 100


class Recall(Struct, frozen=True, forbid_unknown_fields=True):
    query: str = ""
    limit: int = 5


class Remember(Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    value: Any = None


def recall(ask: Recall, context: Context) -> Effect | Failure:
    """Facts about this contact, and the passages nearest to the query."""
    refusal = context.granter.read_memory()
    if refusal:
        return refusal
    if len(ask.query) > QUERY_CHARS_MAX or not 1 <= ask.limit <= RECALL_MAX:
        return invalid(f"query: at most {QUERY_CHARS_MAX} characters; limit: 1..{RECALL_MAX}")
    return Effect(lambda: context.ports.memory.recall(context.scope, ask.query, ask.limit))


def remember(ask: Remember, context: Context) -> Effect | Failure:
    """Keep a fact about this contact."""
    refusal = context.granter.write_memory()
    if refusal:
        return refusal
    if not 1 <= len(ask.key) <= KEY_CHARS_MAX:
        return invalid(f"key: 1..{KEY_CHARS_MAX} characters")
    if "\0" in ask.key or rb"\u0000" in msgspec.json.encode(ask.value):
        return invalid("key and value: no NUL character")
    return Effect(
        lambda: context.ports.memory.remember(context.scope, ask.key, ask.value, context.key),
        write=True,
    )
