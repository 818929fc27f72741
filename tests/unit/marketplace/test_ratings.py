"""Who may say what of a plugin, and who reads it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fakes.metered import tenant, use
from hyperpersonal_core.api import ReceiptKeys
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_marketplace.api import MarketRefusedError, Ratings, Uses
from hyperpersonal_marketplace.ratings import CALLS_LEAST, DAYS_LEAST, MEAN_OF_NONE, means
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLUGIN = "acme/hello"


class Desk:
    """Shops that use a plugin, and what they say."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.keys = ReceiptKeys(folder / "receipt.keys")
        self.uses = Uses(db, FixedClock(NOW))
        self.ratings = Ratings(db, FixedClock(NOW), Uuid7Ids(), self.uses)

    async def shop(self, slug: str, days: int = DAYS_LEAST, calls: int = CALLS_LEAST) -> UUID:
        who = await tenant(self.db, slug, NOW - timedelta(days=300))
        for day in range(days):
            at = NOW - timedelta(days=day)
            await use(self.db, self.keys, who, PLUGIN, at, -(-calls // days))
        await self.uses.count_all()
        return who


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Desk:
    return Desk(db, tmp_path)


async def test_that_only_tenants_that_really_use_it_rate_it(desk: Desk) -> None:
    shop = await desk.shop("uses-it")
    rated = await desk.ratings.rate(shop, PLUGIN, "1.0.0", 4, " Good. ")
    assert (rated.stars, rated.text, rated.version) == (4, "Good.", "1.0.0")
    few, once = await desk.shop("few", 3, 6), await desk.shop("once", 1, 500)
    never = await tenant(desk.db, "never", NOW)
    for who in (few, once, never):
        with pytest.raises(MarketRefusedError) as refused:
            await desk.ratings.rate(who, PLUGIN, "1.0.0", 5)
        assert refused.value.reason == "too_little_use"
    assert len(await desk.ratings.page(PLUGIN)) == 1


async def test_that_a_shop_has_one_opinion_and_may_change_it(desk: Desk) -> None:
    shop = await desk.shop("one")
    first = await desk.ratings.rate(shop, PLUGIN, "1.0.0", 1, "Slow.")
    second = await desk.ratings.rate(shop, PLUGIN, "1.1.0", 5, "Fast now.")
    assert second.id == first.id
    (read,) = await desk.ratings.page(PLUGIN)
    assert (read.stars, read.text, read.version) == (5, "Fast now.", "1.1.0")
    assert "tenant" not in str(read.__struct_fields__)
    await desk.ratings.withdraw(shop, PLUGIN)
    assert await desk.ratings.page(PLUGIN) == []
    with pytest.raises(NotFoundError):
        await desk.ratings.withdraw(shop, PLUGIN)


async def test_that_a_publisher_does_not_rate_itself_and_answers_once(desk: Desk) -> None:
    shop, own = await desk.shop("one"), await desk.shop("own")
    rated = await desk.ratings.rate(own, PLUGIN, "1.0.0", 5, "The best!")
    await desk.uses.set_own(own, ["acme"])
    assert await desk.ratings.page(PLUGIN) == []
    with pytest.raises(MarketRefusedError) as refused:
        await desk.ratings.rate(own, PLUGIN, "1.0.0", 5)
    assert refused.value.reason == "own_plugin"
    rated = await desk.ratings.rate(shop, PLUGIN, "1.0.0", 2, "Slow.")
    with pytest.raises(NotFoundError):
        await desk.ratings.answer("bolt", rated.id, "Not ours.")
    await desk.ratings.answer("acme", rated.id, "Fixed in 1.1.")
    with pytest.raises(NotFoundError):
        await desk.ratings.answer("acme", rated.id, "And again.")
    (read,) = await desk.ratings.page(PLUGIN)
    assert read.answer == "Fixed in 1.1."


async def test_that_a_hidden_rating_counts_for_nobody_and_its_tenant_sees_why(desk: Desk) -> None:
    shop = await desk.shop("one")
    rated = await desk.ratings.rate(shop, PLUGIN, "1.0.0", 1, "Call me: 555 1234")
    await desk.ratings.hide(rated.id, "It names a person.")
    assert await desk.ratings.page(PLUGIN) == []
    assert await desk.ratings.rated() == {}
    own = await desk.ratings.own(shop, PLUGIN)
    assert own is not None
    assert own.hidden_why == "It names a person."
    again = await desk.ratings.rate(shop, PLUGIN, "1.0.0", 1, "Call me still")
    assert again.hidden_why == "It names a person."
    with pytest.raises(NotFoundError):
        await desk.ratings.hide(uuid4(), "There is none.")


@pytest.mark.parametrize(("stars", "text"), [(0, ""), (6, ""), (3, "x" * 2001), (3, "a\0b")])
async def test_that_a_malformed_rating_is_refused(desk: Desk, stars: int, text: str) -> None:
    with pytest.raises(MarketRefusedError) as refused:
        await desk.ratings.rate(uuid4(), PLUGIN, "1.0.0", stars, text)
    assert refused.value.reason == "bad_rating"


ratings = st.lists(st.integers(1, 5), min_size=1, max_size=30)


@given(st.dictionaries(st.sampled_from("abcdef"), ratings, min_size=1))
def test_that_few_ratings_are_drawn_to_the_mean_of_all(found: dict[str, list[int]]) -> None:
    rated = means({name: (len(stars), sum(stars)) for name, stars in found.items()})
    count = sum(map(len, found.values()))
    of_all = sum(map(sum, found.values())) / count
    for one in rated.values():
        low, high = sorted((one.mean, of_all))
        assert low - 0.01 <= one.fair_mean <= high + 0.01
    assert means({}) == {}
    assert 1 < MEAN_OF_NONE < 5
