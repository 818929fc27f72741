"""How much of each tenant waits to be answered: what a gateway must know before it takes more.

Rules:
1. A tenant may have so many conversations unanswered at once (setting `backlog_max`). Over that its
   shoppers are told when to send again, and nothing of theirs is taken; no other tenant is.
2. The count is PostgreSQL's, of all gateways together, a second old; what this one has taken since
   is added. So the bound may be passed by what other gateways take in a second.
3. While the database does not answer, the last count stands: taking a message needs it as well.
"""

import asyncio
from collections import Counter
from uuid import UUID

from msgspec import Struct

from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import BusyError, OutsideError

EVERY_S = 1.0
ANSWERED_PER_S = 50  # taken for granted, to say when to come again
RETRY_S_MIN, RETRY_S_MAX = 2, 30

_BACKLOGS = "select tenant_id, waiting, waiting_max from backlogs($1)"


class _Known(Struct, frozen=True):
    waiting: int
    waiting_max: int


class Backlogs:
    """One a gateway.

    Args:
        waiting_max: of a tenant that has no setting of its own; 0: no tenant is bounded.
    """

    def __init__(self, db: Database, waiting_max: int) -> None:
        self._db = db
        self._waiting_max = waiting_max
        self._known: dict[UUID, _Known] = {}
        self._taken: Counter[UUID] = Counter()
        self._log = log.get("backlog")

    async def run(self) -> None:
        """Count every second, for ever."""
        while self._waiting_max:
            try:
                await self.count()
            except OutsideError as error:
                self._log.warning("backlog.unknown", error=str(error))
            await asyncio.sleep(EVERY_S)

    async def count(self) -> None:
        """Count now. Tenants with less than half of what they may have are not even named."""
        taken, self._taken = self._taken, Counter()
        try:
            async with self._db.transaction() as connection:
                rows = await connection.fetch(_BACKLOGS, self._waiting_max)
        except BaseException:
            self._taken += taken
            raise
        self._known = {row[0]: _Known(row[1], row[2]) for row in rows}

    def check(self, tenant_id: UUID) -> None:
        """One more message of this tenant may be taken.

        Raises:
            BusyError: its backlog is full; it says when to send the same message again.
        """
        if not self._waiting_max:
            return
        known = self._known.get(tenant_id) or _Known(self._waiting_max // 2, self._waiting_max)
        waiting = known.waiting + self._taken[tenant_id]
        if waiting >= known.waiting_max:
            words = "many people are writing right now; it is sent later"
            raise BusyError(words, _after_s(waiting))

    def took(self, tenant_id: UUID) -> None:
        """A message of this tenant was taken."""
        if self._waiting_max:
            self._taken[tenant_id] += 1


def _after_s(waiting: int) -> int:
    return max(RETRY_S_MIN, min(RETRY_S_MAX, waiting // ANSWERED_PER_S))
