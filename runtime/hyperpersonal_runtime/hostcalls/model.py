"""`model.generate`: a language model, if one is installed, within the tokens granted a turn."""

from typing import Any

from hyperpersonal_sdk.contract.outcomes import Failure, HostAnswer
from msgspec import Struct

from hyperpersonal_runtime.hostcalls.context import Context, Effect, limit


class Generate(Struct, frozen=True):
    messages: list[dict[str, Any]]
    tokens_max: int = 1_000
    temperature: float = 0.0
    json_schema: dict[str, Any] | None = None


def generate(ask: Generate, context: Context) -> Effect | Failure:
    granted = context.granter.generate()
    if isinstance(granted, Failure):
        return granted
    left = granted - context.spent.tokens
    if left <= 0:
        return limit(f"all {granted} tokens of this turn are used")
    request = {
        "messages": ask.messages,
        "tokens_max": max(1, min(ask.tokens_max, left)),
        "temperature": ask.temperature,
        "json_schema": ask.json_schema,
    }
    return Effect(lambda: _generate(request, context))


async def _generate(request: dict[str, Any], context: Context) -> HostAnswer:
    answer = await context.ports.model.generate(context.scope, request)
    if isinstance(answer.value, dict):
        context.spent.tokens += int(answer.value.get("tokens", request["tokens_max"]))
    return answer
