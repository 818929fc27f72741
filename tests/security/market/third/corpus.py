"""All attacks and all honest pairs of this set."""

from security.market.third import (
    hiding,
    honest_agents,
    honest_others,
    kept,
    money,
    packaging,
    prompts,
    rights,
    sending,
    sleepers,
    truth,
)  # fmt: skip
from security.market.third.making import Honest, Third

_PAGES = (sending, money, prompts, sleepers, hiding, packaging, rights, truth, kept)
THIRD: tuple[Third, ...] = tuple(one for page in _PAGES for one in page.ATTACKS)
HONEST: tuple[Honest, ...] = (*honest_agents.PAIRS, *honest_others.PAIRS)
