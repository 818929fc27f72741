"""All attacks and honest pairs: a first set, and a second, written before reading the checks."""

from security.market.attack import Attack
from security.market.attacks import hiding, packaging, prompts, rights, sending, sleepers
from security.market.attacks.second import (
    burdens,
    evasion,
    fronts,
    leaks,
    money,
    obscured,
    packages,
    words,
)
from security.market.attacks.second import sleepers as later
from security.market.honest import code, parts, texts
from security.market.pairs import Pair

_PAGES = (sending, hiding, prompts, rights, packaging, sleepers)
_SECOND = (leaks, money, words, later, obscured, packages, fronts, burdens, evasion)
ATTACKS: tuple[Attack, ...] = tuple(one for page in _PAGES for one in page.ATTACKS)
FAMILIES = {page.__name__.rpartition(".")[2]: page.ATTACKS for page in _SECOND}
SECOND: tuple[Attack, ...] = tuple(one for page in _SECOND for one in page.ATTACKS)
SECOND_PAIRS: tuple[Pair, ...] = (*code.PAIRS, *texts.PAIRS, *parts.PAIRS)
