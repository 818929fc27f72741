"""Which installed models can serve an ask, best first."""

from typing import Any

import msgspec
from hyperpersonal_sdk.contract.models import ModelConfig, Price, Tier
from msgspec import Struct

from hyperpersonal_core.installations.values import Bundle, Installation


class Candidate(Struct, frozen=True):
    """A model installation, and which of its vendor's models serves the tier. `price` None: the
    tenant named none."""

    installation: Installation
    model: str
    price: Price | None
    currency: str
    order: int


def candidates(bundle: Bundle, tier: Tier) -> list[Candidate]:
    """The tenant's model installations by their configured order, then by age.

    One whose configuration names no model is left out.
    """
    found = [_candidate(one, tier) for one in bundle.installations.values() if one.kind == "model"]
    return sorted((one for one in found if one is not None), key=lambda one: one.order)


def _candidate(installation: Installation, tier: Tier) -> Candidate | None:
    config = _config(installation.config)
    model = config.model_of(tier)
    if not model:
        return None
    price = config.prices.get(model)
    return Candidate(installation, model, price, config.currency, config.order)


def _config(config: dict[str, Any]) -> ModelConfig:
    try:
        return msgspec.convert(config, ModelConfig)
    except msgspec.ValidationError:  # a plugin with another idea of these keys serves nobody
        return ModelConfig()
