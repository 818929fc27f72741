"""Keeps the catalogue's order to what tenants really use."""

import asyncio

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.errors import OutsideError

from hyperpersonal_marketplace.catalogue.catalogue import Catalogue
from hyperpersonal_marketplace.standing import standing
from hyperpersonal_marketplace.uses import Uses

RANK_EVERY_S = 300.0


async def rank(uses: Uses, catalogue: Catalogue, clock: Clock) -> None:
    """Order the catalogue by what stands now."""
    await catalogue.stand(standing(await uses.everybodys(), clock.now()))


async def keep_ranking(
    uses: Uses, catalogue: Catalogue, clock: Clock, every_s: float = RANK_EVERY_S
) -> None:
    """Rank for ever; while the database is away the order stays as it is."""
    while True:
        try:
            await rank(uses, catalogue, clock)
        except OutsideError as error:
            log.get("catalogue").warning("catalogue.not_ranked", error=str(error))
        await asyncio.sleep(every_s)
