"""How long and how much a measurement is, and whom it tells how far it is."""

from collections.abc import Callable

from msgspec import Struct

SECONDS_MIN, SECONDS_MAX = 0.2, 120.0
COUNT_MAX = 20_000


class Terms(Struct, frozen=True):
    """`seconds` of each measured loop; `count` of shoppers, sockets or samples (0: what the
    measurement is defined with); `say` is told what is measured now."""

    seconds: float = 5.0
    count: int = 0
    say: Callable[[str], None] = lambda step: None
