"""`model.generate`: a language model, if one is installed, within the tokens granted a turn.

The grant counts what all calls of the turn read and wrote, by the journal: so a resumed turn has
neither more nor less than an uninterrupted one. What a request will read is not known before the
vendor counts it; four characters a token are taken for the check, the vendor's count for the sum.
"""

from typing import Any

import msgspec
from hyperpersonal_sdk.contract.models import (
    TOKENS_MAX_DEFAULT,
    GenerateAsk,
    ModelMessage,
    ModelTool,
    Tier,
)
from hyperpersonal_sdk.contract.outcomes import Failure, HostAnswer
from msgspec import Struct, structs

from hyperpersonal_runtime.hostcalls.context import Context, Effect, invalid, limit
from hyperpersonal_runtime.journal import Entry

CHARS_PER_TOKEN = 4
MESSAGES_MAX, TOOLS_MAX = 200, 64
DELTA_CHARS_MAX = 16_000


class Generate(Struct, frozen=True, forbid_unknown_fields=True):
    """What an agent asks; see contract.models.GenerateAsk. `tier`: how good a model it needs."""

    messages: list[ModelMessage]
    instructions: str = ""
    tools: list[ModelTool] = []
    may_use: bool = True
    tokens_max: int = TOKENS_MAX_DEFAULT
    temperature: float | None = None
    json_schema: dict[str, Any] | None = None
    tier: Tier = "strong"
    stream: bool = False


class Delta(Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of an answer that is still coming."""

    text: str


def generate(ask: Generate, context: Context) -> Effect | Failure:
    """Within what the grant leaves; the answer is cut to it."""
    granted = context.granter.generate()
    if isinstance(granted, Failure):
        return granted
    if (fault := _fault(ask)) is not None:
        return fault
    left = granted - used(context) - estimate(ask)
    if left <= 0:
        words = f"this request would pass the {granted} tokens granted a turn"
        return limit(f"{words}: {used(context)} are used, it reads about {estimate(ask)}")
    return Effect(lambda: _generate(ask, min(ask.tokens_max, left), context))


def delta(ask: Delta, context: Context) -> Effect | Failure:
    """Needs no grant: the port takes it only from a model that was asked for a draft."""
    if not 0 < len(ask.text) <= DELTA_CHARS_MAX:
        return invalid(f"text: 1..{DELTA_CHARS_MAX} characters")
    return Effect(lambda: context.ports.model.delta(context.scope, ask.text))


def used(context: Context) -> int:
    """Tokens that this hook's earlier calls took, and those that open ones may take."""
    prefix = context.path.rpartition(".")[0]
    calls = (entry for entry in context.earlier() if entry.name == "model.generate")
    return sum(_tokens(entry) for entry in calls if entry.path.rpartition(".")[0] == prefix)


def estimate(ask: Generate) -> int:
    """About how many tokens the request reads."""
    texts = msgspec.json.encode([ask.messages, ask.tools, ask.json_schema])
    return (len(ask.instructions) + len(texts)) // CHARS_PER_TOKEN


async def _generate(ask: Generate, tokens_max: int, context: Context) -> HostAnswer:
    request = GenerateAsk(
        messages=ask.messages,
        instructions=ask.instructions,
        tools=ask.tools,
        may_use=ask.may_use,
        tokens_max=tokens_max,
        temperature=ask.temperature,
        json_schema=ask.json_schema,
        stream=ask.stream,
        timeout_ms=max(1, context.left_ms()),
    )
    scope = structs.replace(context.scope, path=context.path)
    return await context.ports.model.generate(scope, request, ask.tier, context.earlier)


def _tokens(entry: Entry) -> int:
    if entry.answer is None:
        open_ask = msgspec.json.decode(entry.request, type=Generate)
        return open_ask.tokens_max + estimate(open_ask)
    return int(entry.cost.get("tokens_in", 0)) + int(entry.cost.get("tokens_out", 0))


def _fault(ask: Generate) -> Failure | None:
    if not ask.messages or len(ask.messages) > MESSAGES_MAX or len(ask.tools) > TOOLS_MAX:
        return invalid(f"1..{MESSAGES_MAX} messages and at most {TOOLS_MAX} tools")
    if ask.tokens_max < 1:
        return invalid("tokens_max: at least 1")
    if ask.temperature is not None and not 0 <= ask.temperature <= 2:
        return invalid("temperature: 0..2")
    return None
