"""How much a plugin stands on: on many tenants that really use it, for long. Pure.

An install counts nothing, and a flood of calls counts little. Rules:
1. A tenant's own plugins count nothing for it.
2. What one tenant can give a plugin has a ceiling, reached at 100 calls on 10 days; calls count by
   their logarithm.
3. A tenant younger than 30 days gives nothing; it gives all it can from 120 days on.
4. A tenant that uses plugins of one publisher only gives nothing: whoever makes tenants to push its
   own plugin must make real merchants of them.
5. What 50 tenants can give is the most, so that a great plugin leaves room for a good one.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from hyperpersonal_marketplace.uses import Use

CALLS_MOST, DAYS_MOST = 100, 10
YOUNG_DAYS, GROWN_DAYS = 30, 120
TENANTS_MOST = 50
PUBLISHERS_LEAST = 2


def standing(uses: Iterable[Use], now: datetime) -> dict[str, float]:
    """Plugin id -> 0..1, for every plugin that stands on anything."""
    found = [use for use in uses if not use.own]
    publishers: dict[int, set[str]] = defaultdict(set)
    for use in found:
        publishers[use.tenant].add(use.plugin_id.partition("/")[0])
    given: dict[str, float] = defaultdict(float)
    for use in found:
        if len(publishers[use.tenant]) >= PUBLISHERS_LEAST:
            given[use.plugin_id] += weight(use, now)
    ceiling = math.log1p(TENANTS_MOST)
    return {one: min(1.0, math.log1p(sum_) / ceiling) for one, sum_ in given.items() if sum_ > 0}


def weight(use: Use, now: datetime) -> float:
    """What one tenant's use is worth, 0..1."""
    age = (now - use.tenant_since).total_seconds() / 86_400
    grown = min(1.0, max(0.0, (age - YOUNG_DAYS) / (GROWN_DAYS - YOUNG_DAYS)))
    calls = min(1.0, math.log1p(use.calls) / math.log1p(CALLS_MOST))
    return grown * calls * min(1.0, use.days / DAYS_MOST)
