"""`tool.call`: a tool of an interface, served by the tenant's connector."""

from typing import Any

import msgspec
from hyperpersonal_sdk.contract.outcomes import Failure, HostAnswer
from msgspec import Struct

from hyperpersonal_runtime.hostcalls import money
from hyperpersonal_runtime.hostcalls.context import Context, Effect, limit

NESTED_MAX = 3


class Call(Struct, frozen=True, forbid_unknown_fields=True):
    tool: str
    arguments: dict[str, Any] = {}


def call(ask: Call, context: Context) -> Effect | Failure:
    """Call a tool of an interface; the tenant's connector serves it. One that moves money also
    needs a `money:` grant, and stays under what is left of it in the turn."""
    permit = context.granter.tool(ask.tool)
    if isinstance(permit, Failure):
        return permit
    if sum(part.isdigit() for part in context.scope.path.split(".")) >= NESTED_MAX:
        return limit(f"tools call tools at most {NESTED_MAX} deep")
    left = money.left(permit.money_max, context.earlier)
    if isinstance(left, Failure):
        return left
    scope = msgspec.structs.replace(context.scope, path=context.path, money_max=left)
    key = context.key if permit.write else ""
    return Effect(lambda: _call(ask, context, scope, key), write=permit.write)


async def _call(ask: Call, context: Context, scope: Any, key: str) -> HostAnswer:
    """A port may hand over the ToolResult as JSON text: it goes through as it is."""
    answer = await context.ports.tools.call(scope, ask.tool, ask.arguments, key)
    if isinstance(answer.value, str):
        return HostAnswer(answer.value.encode())
    return answer
