"""What one ask cost over all its tries, as the journal keeps it. Covers: M-LLM-06."""

from typing import Any

from hyperpersonal_sdk.contract.models import Usage
from msgspec import Struct, field

from hyperpersonal_core.models.choice import Candidate


class Bill(Struct):
    """Grows by each try. `micros`: millionths of a currency unit, by currency."""

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    micros: dict[str, int] = field(default_factory=dict)
    unpriced: bool = False
    tries: int = 0
    model: str = ""
    plugin: str = ""

    def add(self, candidate: Candidate, usage: Usage) -> int:
        """A try that the vendor counted; returns its micros."""
        self.tokens_in += usage.tokens_in
        self.tokens_out += usage.tokens_out
        self.tokens_cached += usage.tokens_cached
        self.model, self.plugin = candidate.model, candidate.installation.plugin_id
        if candidate.price is None:
            self.unpriced = self.unpriced or usage.tokens > 0
            return 0
        cost = candidate.price.micros(usage)
        self.micros[candidate.currency] = self.micros.get(candidate.currency, 0) + cost
        return cost

    def cost(self) -> dict[str, Any]:
        """For the journal's entry: what is nothing is left out, but for the tokens."""
        kept = {"tokens_in": self.tokens_in, "tokens_out": self.tokens_out}
        more = {"tokens_cached": self.tokens_cached, "micros": self.micros, "tries": self.tries,
                "unpriced": self.unpriced, "model": self.model, "plugin": self.plugin}  # fmt: skip
        return kept | {name: value for name, value in more.items() if value}


CACHED: dict[str, Any] = {"tokens_in": 0, "tokens_out": 0, "from_cache": True}


def total(costs: list[dict[str, Any]]) -> dict[str, Any]:
    """The costs of several asks as one, for the turn's usage; empty when there is none."""
    if not costs:
        return {}
    sums: dict[str, Any] = {
        name: sum(int(cost.get(name, 0)) for cost in costs)
        for name in ("tokens_in", "tokens_out", "tokens_cached")
    }
    micros: dict[str, int] = {}
    for cost in costs:
        for currency, amount in (cost.get("micros") or {}).items():
            micros[currency] = micros.get(currency, 0) + int(amount)
    models = sorted({cost["model"] for cost in costs if cost.get("model")})
    return {"asks": len(costs), **sums, "micros": micros, "models": models}
