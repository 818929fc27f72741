"""Tools are named by interface (`commerce.orders.get`), not by vendor.

An agent asks for the interface; the tenant's installed connector serves it through `call_tool`.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from hyperpersonal_sdk.contract.outcomes import Failure

Effect = Literal["read", "write"]
MINOR_MAX = 10**15  # sums of many stay within 64 bits


class Amount(Struct, frozen=True):
    """Money: `minor` units (cents) of an ISO 4217 `currency`."""

    minor: Annotated[int, Meta(ge=-MINOR_MAX, le=MINOR_MAX)]
    currency: str = "USD"


class ToolCall(Struct, frozen=True):
    """The payload of a connector's `call_tool` hook.

    `idempotency_key` is set for every write and stable over retries and re-runs: the same key
    must act once. Reads carry an empty key. `config` is the connector installation's own
    configuration (no secrets). `money_max` is the most that this call may move, in minor units by
    currency: what the agent's `money:` grants leave of the turn. None where the tool moves none; a
    currency that is not in it may not be moved at all.
    """

    tool: str
    arguments: dict[str, Any]
    idempotency_key: str = ""
    config: dict[str, Any] = {}
    money_max: dict[str, int] | None = None


class ToolResult(Struct, frozen=True):
    """The answer of `call_tool`: a JSON value, or a failure the agent can explain.

    `moved` is the money this call moved, either way. A connector that does not tell is taken to
    have moved all it was allowed to.
    """

    value: Any = None
    failure: Failure | None = None
    moved: Amount | None = None
