"""What a language model is asked and answers, in words of no vendor.

An agent asks by the host call `model.generate`; the tenant's installed model plugin answers by its
hook `generate`. Both see the talk in this one shape, so an agent runs on any vendor's model.

Covers: M-LLM-01, M-LLM-03.
"""

import math
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Role = Literal["user", "assistant", "tool"]
Tier = Literal["cheap", "strong"]
StopReason = Literal["end", "tools", "length", "refused"]
ModelErrorKind = Literal[
    "rate_limited", "overloaded", "unavailable", "timed_out", "cut", "malformed",
    "rejected", "unauthorized",
]  # fmt: skip

TOKENS_MAX_DEFAULT = 1_000
MICROS = 1_000_000  # of a currency unit


class ModelTool(Struct, frozen=True):
    """A tool the model may ask for; `parameters` is a JSON Schema of type object."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}


class ToolUse(Struct, frozen=True):
    """The model's wish to use a tool. `id` comes back in the message with its result."""

    id: str
    name: str
    arguments: dict[str, Any] = {}


class ModelMessage(Struct, frozen=True):
    """One line of the talk. An assistant's line may hold `uses`; a line of role `tool` holds the
    result of the use `use_id` as text."""

    role: Role
    text: str = ""
    uses: list[ToolUse] = []
    use_id: str = ""


class GenerateAsk(Struct, frozen=True):
    """The payload of the `generate` hook.

    Args:
        messages: the talk, oldest first.
        instructions: what the model must know and obey; never a shopper's words.
        tools: what it may ask for; with `may_use` False only what the talk so far used.
        tokens_max: of the answer.
        temperature: 0..2; None leaves it to the vendor. Not every model takes one.
        json_schema: the answer must be JSON of this schema.
        model: the vendor's name of the model, chosen by the host from `config`.
        stream: tell the text as it comes by the host call `model.delta`.
        timeout_ms: the host waits no longer.
        config: the model installation's own configuration (no secrets).
    """

    messages: list[ModelMessage]
    instructions: str = ""
    tools: list[ModelTool] = []
    may_use: bool = True
    tokens_max: int = TOKENS_MAX_DEFAULT
    temperature: float | None = None
    json_schema: dict[str, Any] | None = None
    model: str = ""
    stream: bool = False
    timeout_ms: int = 30_000
    config: dict[str, Any] = {}


Tokens = Annotated[int, Meta(ge=0, le=1_000_000_000)]  # told by a plugin, kept in 64 bits


class Usage(Struct, frozen=True):
    """Tokens read and written; `tokens_cached` is the part of `tokens_in` that the vendor had
    cached and sells for less."""

    tokens_in: Tokens = 0
    tokens_out: Tokens = 0
    tokens_cached: Tokens = 0

    @property
    def tokens(self) -> int:
        """All that counts under a grant."""
        return self.tokens_in + self.tokens_out


class ModelError(Struct, frozen=True):
    """Why there is no answer. `rejected` and `unauthorized` are not tried again; `retry_after_ms`
    is what the vendor asked for (0: nothing)."""

    kind: ModelErrorKind
    message: str = ""
    retry_after_ms: int = 0


class GenerateAnswer(Struct, frozen=True):
    """The answer of the `generate` hook: text, wishes for tools, or an error. `model` is what the
    vendor says answered. An error may carry the usage it cost."""

    text: str = ""
    uses: list[ToolUse] = []
    stop: StopReason = "end"
    usage: Usage = Usage()
    model: str = ""
    error: ModelError | None = None


Dollars = Annotated[float, Meta(ge=0, le=10_000)]


class Price(Struct, frozen=True):
    """Currency units per million tokens, as vendors quote them."""

    tokens_in: Dollars = 0.0
    tokens_out: Dollars = 0.0
    tokens_cached: Dollars | None = None

    def micros(self, usage: Usage) -> int:
        """The cost of a usage in millionths of the currency unit, rounded up."""
        cached = self.tokens_in if self.tokens_cached is None else self.tokens_cached
        fresh = max(0, usage.tokens_in - usage.tokens_cached)
        exact = fresh * self.tokens_in + usage.tokens_cached * cached
        exact += usage.tokens_out * self.tokens_out
        return math.ceil(round(exact, 6))  # so that 3000.0000000004 stays 3000


class ModelConfig(Struct, frozen=True):
    """The part of a model installation's configuration that the host reads.

    Args:
        models: the vendor's model by tier; a tier that is missing is served by the other one.
        prices: by the vendor's name of the model; one without a price costs 0 and is told as such.
        currency: of all prices.
        order: lower is asked first; installations of the same order in order of their age.
    """

    models: dict[str, str] = {}
    prices: dict[str, Price] = {}
    currency: str = "USD"
    order: int = 0

    def model_of(self, tier: str) -> str:
        """The model for a tier; '' when none is named."""
        return self.models.get(tier) or next(iter(self.models.values()), "")
