"""What is really used, and what ranks by it: receipts count, installs do not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fakes.metered import tenant, use
from hyperpersonal_core.api import NewInstallation, ReceiptKeys, StaticEmbedder
from hyperpersonal_core.kit.clock import FixedClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_marketplace.api import (
    Card,
    Index,
    MarketRefusedError,
    Query,
    Use,
    Uses,
    standing,
)
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Market

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=400)
OURS, THEIRS = "acme/hello", "bolt/help"


@pytest.fixture
def keys(tmp_path: Path) -> ReceiptKeys:
    return ReceiptKeys(tmp_path / "receipt.keys")


@pytest.fixture
def uses(db: Database) -> Uses:
    return Uses(db, FixedClock(NOW))


async def busy(db: Database, keys: ReceiptKeys, who: UUID, plugin_id: str, days: int = 10) -> None:
    for day in range(days):
        await use(db, keys, who, plugin_id, NOW - timedelta(days=day), 10)


async def test_that_each_receipt_counts_once_however_often_it_is_looked_at(
    db: Database, keys: ReceiptKeys, uses: Uses
) -> None:
    shop = await tenant(db, "one", OLD)
    await use(db, keys, shop, OURS, NOW, 3)
    await use(db, keys, shop, OURS, NOW - timedelta(days=1), 2)
    await use(db, keys, shop, OURS, NOW, 4, outcome="trapped")
    assert await uses.count_all() == 9
    assert await uses.count_all() == 0
    await use(db, keys, shop, OURS, NOW, 5)
    assert await Uses(db, FixedClock(NOW)).count_all() == 5
    assert await uses.use_of(shop, OURS) == (10, 2)
    assert await uses.use_of(shop, THEIRS) == (0, 0)
    later = Uses(db, FixedClock(NOW + timedelta(days=91)))
    assert await later.use_of(shop, OURS) == (0, 0)


async def test_that_a_tenant_learns_nothing_of_anothers_use(
    db: Database, keys: ReceiptKeys, uses: Uses
) -> None:
    one, other = await tenant(db, "one", OLD), await tenant(db, "two", OLD)
    await busy(db, keys, one, OURS, 2)
    await uses.count_all()
    assert await uses.use_of(other, OURS) == (0, 0)
    (told,) = await uses.everybodys()
    assert (told.plugin_id, told.calls, told.days) == (OURS, 20, 2)
    assert str(one) not in repr(told)


async def test_that_a_thousand_tenants_that_install_move_nothing(
    market: Market, keys: ReceiptKeys, uses: Uses
) -> None:
    """A publisher makes tenants that install its plugin; some even let it answer."""
    db = market.db
    for n in range(3):  # the honest plugin: three grown shops that use more than one publisher
        shop = await tenant(db, f"shop{n}", OLD)
        await busy(db, keys, shop, THEIRS)
        await busy(db, keys, shop, "cosy/gifts", 2)
    await uses.count_all()
    before = standing(await uses.everybodys(), NOW)
    made = [await tenant(db, f"sock{n}", NOW - timedelta(days=20)) for n in range(1000)]
    for who in made:
        new = NewInstallation(OURS, "1.0.0", "sha256:x", "agent", {})
        await market.installations.install(who, new)
    for who in made[:30]:
        await busy(db, keys, who, OURS, 1)
    await uses.count_all()
    after = standing(await uses.everybodys(), NOW)
    assert after == before
    assert set(after) == {THEIRS, "cosy/gifts"}
    assert _first({**after}) == THEIRS


def _first(known: dict[str, float]) -> str:
    cards = [
        Card(one, "1.0.0", "agent", "Order help", "Helps.", "Helps.", "orders", NOW)
        for one in (OURS, THEIRS)
    ]
    found = Index(cards, StaticEmbedder().embed, known).search(Query("order help"))
    return found.cards[0].plugin_id


async def test_that_a_publishers_own_use_counts_nothing(
    db: Database, keys: ReceiptKeys, uses: Uses
) -> None:
    shop = await tenant(db, "one", OLD)
    for plugin_id in (OURS, THEIRS, "cosy/gifts"):
        await busy(db, keys, shop, plugin_id, 5)
    await uses.count_all()
    assert OURS in standing(await uses.everybodys(), NOW)
    await uses.set_own(shop, ["acme"])
    assert OURS not in standing(await uses.everybodys(), NOW)
    assert await uses.own(shop) == ("acme",)
    with pytest.raises(MarketRefusedError):
        await uses.set_own(shop, ["No Name"])


people = st.lists(
    st.builds(
        Use,
        tenant=st.integers(1, 5),
        tenant_since=st.integers(0, 500).map(lambda days: NOW - timedelta(days=days)),
        plugin_id=st.sampled_from([OURS, THEIRS, "cosy/gifts", "acme/other"]),
        calls=st.integers(1, 10**6),
        days=st.integers(1, 90),
        own=st.booleans(),
    ),
    max_size=20,
)


@given(people)
def test_that_standing_is_bounded_and_more_use_never_lowers_it(found: list[Use]) -> None:
    known = standing(found, NOW)
    assert all(0 < value <= 1 for value in known.values())
    more = standing([*found, Use(99, OLD, OURS, 100, 10), Use(99, OLD, THEIRS, 1, 1)], NOW)
    assert all(more[plugin_id] >= value for plugin_id, value in known.items())


@given(st.integers(101, 10**9), st.integers(11, 90))
def test_that_one_tenant_can_give_only_so_much(calls: int, days: int) -> None:
    def given_by(one: Use) -> float:
        return standing([one, Use(1, OLD, THEIRS, 5, 5)], NOW)[OURS]

    assert given_by(Use(1, OLD, OURS, calls, days)) == given_by(Use(1, OLD, OURS, 100, 10)) < 0.2
    alone = standing([Use(1, OLD, OURS, calls, days)], NOW)
    young = standing([Use(1, NOW - timedelta(days=30), OURS, calls, days),
                      Use(1, OLD, THEIRS, 1, 1)], NOW)  # fmt: skip
    assert OURS not in alone
    assert OURS not in young
