"""All attacks, in one list."""

from security.market.attack import Attack
from security.market.attacks import hiding, packaging, prompts, rights, sending, sleepers

_PAGES = (sending, hiding, prompts, rights, packaging, sleepers)
ATTACKS: tuple[Attack, ...] = tuple(one for page in _PAGES for one in page.ATTACKS)
