"""What tenants think of plugins they really use: stars, words, and the publisher's one answer.

Rules:
1. A tenant rates a plugin only after at least 20 of its calls have receipts, on at least 3 days of
   the last 90; never one it publishes itself. One rating a tenant and plugin; it may be changed.
2. Readers see texts and stars, never whose they are.
3. A publisher answers a rating once. A moderator hides one with a reason; its tenant sees it.
4. A plugin's mean is drawn to the mean of all as long as few have rated it (Bayesian average).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from hyperpersonal_core.kit.clock import Clock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_core.kit.ids import Ids
from msgspec import Struct

from hyperpersonal_marketplace.errors import MarketRefusedError
from hyperpersonal_marketplace.uses import Uses

CALLS_LEAST, DAYS_LEAST = 20, 3
STARS_MOST = 5
TEXT_CHARS_MAX = 2_000
PAGE_MAX = 50
MEAN_WEIGHT = 8  # so many ratings of the mean of all are added to a plugin's own
MEAN_OF_NONE = 3.5

_PUT = """
insert into market.ratings (tenant_id, plugin_id, id, stars, text, version, rated_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $7)
on conflict (tenant_id, plugin_id) do update
   set stars = excluded.stars, text = excluded.text, version = excluded.version,
       changed_at = excluded.changed_at
returning id, stars, text, version, rated_at, changed_at, answer, answered_at, hidden_why"""
_OWN = """select id, stars, text, version, rated_at, changed_at, answer, answered_at, hidden_why
  from market.ratings where tenant_id = $1 and plugin_id = $2"""
_DELETE = "delete from market.ratings where tenant_id = $1 and plugin_id = $2 returning 1"
_PAGE = "select * from market.ratings_of($1, $2, $3)"
_SUMS = "select plugin_id, ratings, stars from market.rating_sums()"
_ANSWER = "select market.answer_rating($1, $2, $3, $4)"
_HIDE = "select market.hide_rating($1, $2)"


class Rating(Struct, frozen=True):
    """One opinion. `hidden_why`: only its own tenant sees a hidden one, with the reason."""

    id: UUID
    stars: int
    text: str
    version: str
    rated_at: datetime
    changed_at: datetime
    answer: str = ""
    answered_at: datetime | None = None
    hidden_why: str = ""


class Rated(Struct, frozen=True):
    """All opinions of one plugin: how many, their mean, and the mean that lists go by."""

    ratings: int = 0
    mean: float = 0.0
    fair_mean: float = MEAN_OF_NONE


class Ratings:
    """Stateless; one a process."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, uses: Uses) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._uses = uses

    async def rate(
        self, tenant_id: UUID, plugin_id: str, version: str, stars: int, text: str = ""
    ) -> Rating:
        """The tenant's opinion of what it uses; a second one replaces the first.

        Raises:
            MarketRefusedError: bad_rating, own_plugin or too_little_use.
        """
        if not 1 <= stars <= STARS_MOST or len(text) > TEXT_CHARS_MAX or "\0" in text:
            message = f"1 to {STARS_MOST} stars and at most {TEXT_CHARS_MAX} characters"
            raise MarketRefusedError("bad_rating", message)
        await self._check_use(tenant_id, plugin_id)
        row = (self._ids.new(), stars, text.strip(), version, self._clock.now())
        async with self._db.transaction(tenant_id) as connection:
            found = await connection.fetchrow(_PUT, tenant_id, plugin_id, *row)
        return _rating(found)

    async def own(self, tenant_id: UUID, plugin_id: str) -> Rating | None:
        """The tenant's own opinion, a hidden one too."""
        async with self._db.transaction(tenant_id) as connection:
            row = await connection.fetchrow(_OWN, tenant_id, plugin_id)
        return None if row is None else _rating(row)

    async def withdraw(self, tenant_id: UUID, plugin_id: str) -> None:
        """Take the tenant's opinion back. Raises NotFoundError."""
        async with self._db.transaction(tenant_id) as connection:
            if await connection.fetchval(_DELETE, tenant_id, plugin_id) is None:
                raise NotFoundError("you have not rated this plugin", plugin_id=plugin_id)

    async def page(self, plugin_id: str, offset: int = 0, limit: int = 20) -> list[Rating]:
        """Everybody's opinions of a plugin, newest first, at most 50."""
        async with self._db.transaction() as connection:
            rows = await connection.fetch(_PAGE, plugin_id, offset, max(1, min(limit, PAGE_MAX)))
        return [_rating(row) for row in rows]

    async def rated(self) -> dict[str, Rated]:
        """Every plugin that has opinions."""
        async with self._db.transaction() as connection:
            rows = await connection.fetch(_SUMS)
        return means({row["plugin_id"]: (row["ratings"], row["stars"]) for row in rows})

    async def answer(self, namespace: str, rating_id: UUID, text: str) -> None:
        """The publisher's one answer; the caller has proven that it speaks for the namespace.

        Raises:
            MarketRefusedError: bad_answer.
            NotFoundError: there is no such rating of its plugins, or it was answered.
        """
        if not 1 <= len(text.strip()) <= TEXT_CHARS_MAX or "\0" in text:
            message = f"an answer has 1 to {TEXT_CHARS_MAX} characters"
            raise MarketRefusedError("bad_answer", message)
        row = (rating_id, namespace, text.strip(), self._clock.now())
        async with self._db.transaction() as connection:
            if await connection.fetchval(_ANSWER, *row) is None:
                raise NotFoundError("there is no such rating of yours that waits for an answer")

    async def hide(self, rating_id: UUID, why: str) -> None:
        """A moderator's decision, with its reason. Raises MarketRefusedError, NotFoundError."""
        if not 1 <= len(why.strip()) <= TEXT_CHARS_MAX:
            raise MarketRefusedError("bad_reason", "say why it is hidden")
        async with self._db.transaction() as connection:
            if await connection.fetchval(_HIDE, rating_id, why.strip()) is None:
                raise NotFoundError("there is no such rating")

    async def _check_use(self, tenant_id: UUID, plugin_id: str) -> None:
        if plugin_id.partition("/")[0] in await self._uses.own(tenant_id):
            raise MarketRefusedError("own_plugin", "you publish this plugin yourself")
        calls, days = await self._uses.use_of(tenant_id, plugin_id)
        if calls < CALLS_LEAST or days < DAYS_LEAST:
            message = (
                f"rate {plugin_id} once it has answered {CALLS_LEAST} calls of your shop on "
                f"{DAYS_LEAST} days; so far there are {calls} on {days}"
            )
            raise MarketRefusedError("too_little_use", message)


def means(sums: Mapping[str, tuple[int, int]]) -> dict[str, Rated]:
    """Plugin -> (ratings, stars together) as means."""
    count, stars = (sum(column) for column in zip(*sums.values(), strict=True)) if sums else (0, 0)
    of_all = stars / count if count else MEAN_OF_NONE
    return {plugin_id: _rated(pair, of_all) for plugin_id, pair in sums.items()}


def _rated(pair: Sequence[int], of_all: float) -> Rated:
    count, stars = pair
    fair = (MEAN_WEIGHT * of_all + stars) / (MEAN_WEIGHT + count)
    return Rated(count, round(stars / count, 2), round(fair, 3))


def _rating(row: asyncpg.Record) -> Rating:
    return Rating(**dict(row))
