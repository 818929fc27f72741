"""All attacks and all honest pairs of this set."""

from security.market.fourth import (
    bundles,
    firsts,
    hiding,
    honest_agents,
    honest_others,
    money,
    packaging,
    prompts,
    rights,
    sabotage,
    sending,
    sleepers,
    stolen,
    truth,
)  # fmt: skip
from security.market.third.making import Honest, Third

_PAGES = (
    sending, money, prompts, sleepers, hiding, packaging, rights, truth, sabotage, stolen, firsts,
    bundles,
)  # fmt: skip
FOURTH: tuple[Third, ...] = tuple(one for page in _PAGES for one in page.ATTACKS)
HONEST: tuple[Honest, ...] = (*honest_agents.PAIRS, *honest_others.PAIRS, *bundles.PAIRS)
