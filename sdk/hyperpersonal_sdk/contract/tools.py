"""Tools are named by interface (`commerce.orders.get`), not by vendor.

An agent asks for the interface; the tenant's installed connector serves it through `call_tool`.
"""

from typing import Any, Literal

from msgspec import Struct

from hyperpersonal_sdk.contract.outcomes import Failure

Effect = Literal["read", "write"]


class ToolCall(Struct, frozen=True):
    """The payload of a connector's `call_tool` hook.

    `idempotency_key` is set for every write and stable over retries and re-runs: the same key
    must act once. Reads carry an empty key. `config` is the connector installation's own
    configuration (no secrets). `money_max_minor` is the most, in minor units, that this call may
    move under the agent's `money:` grant; None where the tool moves none.
    """

    tool: str
    arguments: dict[str, Any]
    idempotency_key: str = ""
    config: dict[str, Any] = {}
    money_max_minor: int | None = None


class ToolResult(Struct, frozen=True):
    """The answer of `call_tool`: a JSON value, or a failure the agent can explain."""

    value: Any = None
    failure: Failure | None = None
