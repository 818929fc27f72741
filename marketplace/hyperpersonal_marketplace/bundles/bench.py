"""How long choosing takes in a big market: 1,000 plugins with 10 releases each."""

import random
import time

from hyperpersonal_sdk.capabilities import CapabilitySet

from hyperpersonal_marketplace.bundles.changes import smallest
from hyperpersonal_marketplace.bundles.ranges import parse
from hyperpersonal_marketplace.bundles.solver import Conflict, Market, Option, Wishes

PLUGINS, RELEASES, CONNECTORS, WISHED = 1_000, 10, 200, 200
_READ, _WRITE = "tool:commerce.orders.read", "tool:commerce.orders.write"


def options(seed: int = 7) -> list[Option]:
    """10,000 releases: 800 agents that use interfaces, 200 connectors that serve them."""
    rng, made = random.Random(seed), []
    rights = {text: CapabilitySet.parse([text]) for text in (_READ, _WRITE)}
    for number in range(PLUGINS):
        serves = frozenset([f"i.x{number}"] if number < CONNECTORS else [])
        for release in range(1, RELEASES + 1):
            uses = frozenset() if serves else frozenset([f"i.x{rng.randrange(CONNECTORS)}"])
            asks = CapabilitySet() if serves else rights[rng.choice((_READ, _WRITE))]
            version = f"{release}.{rng.randint(0, 9)}.0"
            made.append(
                Option(f"acme/p{number}", version, f"sha256:{number}.{release}", serves, uses,
                       asks, 0 if serves else rng.randint(100, 5_000))
            )  # fmt: skip
    return made


def solve_s(seed: int = 7) -> float:
    """CPU seconds to lay the market out, choose for 200 agents within a price and rights, and, with
    a price nobody can keep to, to say why not and what would work."""
    made, began = options(seed), time.process_time()
    market = Market(made)
    wanted = {f"acme/p{number}": parse("*") for number in range(CONNECTORS, CONNECTORS + WISHED)}
    ceiling = CapabilitySet.parse([_READ, _WRITE])
    found = market.solve(Wishes(wanted, ceiling, 1_000_000))
    assert isinstance(found, list), found
    poor = Wishes(wanted, ceiling, 5_000)
    conflict = market.solve(poor)
    assert isinstance(conflict, Conflict)
    assert smallest(market, poor, conflict) is not None
    return time.process_time() - began
