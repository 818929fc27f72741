"""Keeps the catalogue's order to what tenants really use."""

import asyncio

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.errors import OutsideError

from hyperpersonal_marketplace.catalogue.catalogue import Catalogue
from hyperpersonal_marketplace.ratings import Ratings
from hyperpersonal_marketplace.standing import standing
from hyperpersonal_marketplace.uses import Uses

RANK_EVERY_S = 300.0


async def rank(used: tuple[Uses, Ratings], catalogue: Catalogue, clock: Clock) -> None:
    """Order the catalogue by what stands now, and show what shops think of it."""
    uses, ratings = used
    await catalogue.stand(standing(await uses.everybodys(), clock.now()))
    await catalogue.rate(await ratings.rated())


async def keep_ranking(
    used: tuple[Uses, Ratings], catalogue: Catalogue, clock: Clock, every_s: float = RANK_EVERY_S
) -> None:
    """Rank for ever; while the database is away the order stays as it is."""
    while True:
        try:
            await rank(used, catalogue, clock)
        except OutsideError as error:
            log.get("catalogue").warning("catalogue.not_ranked", error=str(error))
        await asyncio.sleep(every_s)
