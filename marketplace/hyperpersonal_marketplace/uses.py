"""What is really used: calls that have receipts, counted by tenant, plugin and day.

Installs count nothing: only a call that was made in a turn and signed for does.

Rules:
1. A tenant's receipts are counted in order and in the transaction that says up to which: a process
   killed anywhere counts none twice and forgets none.
2. A tenant's use of what it publishes itself is known as its own (`own_namespaces`).
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hyperpersonal_core.api import receipts_after
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_sdk.manifest import is_name
from hyperpersonal_sdk.receipts import Receipt
from msgspec import Struct

from hyperpersonal_marketplace.errors import MarketRefusedError

EVERY_S = 5.0
TENANTS_AT_ONCE = 200
NAMESPACES_MAX = 20
WINDOW_DAYS = 90

_TENANTS = "select tenant_id from market.tenants_to_count($1)"
_FROM = """insert into market.counted (tenant_id, number) values ($1, 0)
on conflict (tenant_id) do update set number = market.counted.number returning number"""
_UP_TO = "update market.counted set number = $2 where tenant_id = $1"
_ADD = """
insert into market.use_days (tenant_id, plugin_id, day, calls)
select $1, u.* from unnest($2::text[], $3::date[], $4::bigint[]) as u
on conflict (tenant_id, plugin_id, day) do update
   set calls = market.use_days.calls + excluded.calls"""
_USE = """select coalesce(sum(calls), 0)::bigint as calls, count(*) as days
  from market.use_days where tenant_id = $1 and plugin_id = $2 and day >= $3"""
_ALL = "select tenant, tenant_since, plugin_id, calls, days, own from market.uses($1)"
_OWN = "select namespace from market.own_namespaces where tenant_id = $1 order by 1"
_DISOWN = "delete from market.own_namespaces where tenant_id = $1"
_SET_OWN = "insert into market.own_namespaces (tenant_id, namespace) select $1, unnest($2::text[])"
_UNRATE = """delete from market.ratings
 where tenant_id = $1 and split_part(plugin_id, '/', 1) = any($2::text[])"""


class Use(Struct, frozen=True):
    """How much one tenant used one plugin; `tenant` is a number that means nothing outside."""

    tenant: int
    tenant_since: datetime
    plugin_id: str
    calls: int
    days: int
    own: bool = False


class Uses:
    """Counts and tells. One a process; several may count at once."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def keep_counting(self, every_s: float = EVERY_S) -> None:
        """Count for ever; a database that is away is waited for."""
        while True:
            try:
                await self.count_all()
            except OutsideError as error:
                log.get("market").warning("market.not_counted", error=str(error))
            await asyncio.sleep(every_s)

    async def count_all(self) -> int:
        """Count every receipt there is now; how many that were."""
        counted = 0
        while True:
            async with self._db.transaction() as connection:
                rows = await connection.fetch(_TENANTS, TENANTS_AT_ONCE)
            done = sum([await self.count(row["tenant_id"]) for row in rows])
            counted += done
            if not done:
                return counted

    async def count(self, tenant_id: UUID) -> int:
        """Count a page of one tenant's receipts."""
        async with self._db.transaction(tenant_id) as connection:
            number = await connection.fetchval(_FROM, tenant_id)  # locks the row: one counts
            found = await receipts_after(connection, tenant_id, number)
            if not found:
                return 0
            await connection.execute(_ADD, tenant_id, *_columns(found))
            await connection.execute(_UP_TO, tenant_id, found[-1].number)
        return len(found)

    async def use_of(self, tenant_id: UUID, plugin_id: str) -> tuple[int, int]:
        """The tenant's metered calls of a plugin in the last 90 days, and on how many days."""
        async with self._db.transaction(tenant_id) as connection:
            row = await connection.fetchrow(_USE, tenant_id, plugin_id, self._since())
        return row["calls"], row["days"]

    async def everybodys(self) -> list[Use]:
        """Of all tenants, unnamed, in the last 90 days: what ranking stands on."""
        async with self._db.transaction() as connection:
            return [Use(**dict(row)) for row in await connection.fetch(_ALL, self._since())]

    async def own(self, tenant_id: UUID) -> tuple[str, ...]:
        """The names under which the tenant publishes itself."""
        async with self._db.transaction(tenant_id) as connection:
            return tuple(row["namespace"] for row in await connection.fetch(_OWN, tenant_id))

    async def set_own(self, tenant_id: UUID, namespaces: Iterable[str]) -> None:
        """Say under which names the tenant publishes. It gains nothing by it: its use and its
        ratings of those count nothing. Raises MarketRefusedError (bad_namespace)."""
        wanted = sorted(set(namespaces))
        if len(wanted) > NAMESPACES_MAX or not all(map(is_name, wanted)):
            raise MarketRefusedError(
                "bad_namespace",
                f"at most {NAMESPACES_MAX} names, each in small letters, digits, '-' and '_'",
            )
        async with self._db.transaction(tenant_id) as connection:
            await connection.execute(_DISOWN, tenant_id)
            await connection.execute(_SET_OWN, tenant_id, wanted)
            await connection.execute(_UNRATE, tenant_id, wanted)

    def _since(self) -> date:
        return (self._clock.now() - timedelta(days=WINDOW_DAYS)).date()


def _columns(found: list[Receipt]) -> tuple[list[str], list[date], list[int]]:
    """Billable calls that a plugin answered; one that it failed is no use of it."""
    calls = Counter(
        (one.plugin.partition("@")[0], datetime.fromtimestamp(one.at / 1000, UTC).date())
        for one in found
        if one.outcome == "ok"
    )
    rows = [(plugin_id, day, count) for (plugin_id, day), count in sorted(calls.items())]
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
