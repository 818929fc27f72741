"""The catalogue as merchants use it: words, typing errors, meaning, facets, pages, standing."""

from datetime import UTC, datetime

import pytest
from fakes.publishing import Publisher, artifact, manifest
from hyperpersonal_core.api import StaticEmbedder
from hyperpersonal_core.kit.errors import NotFoundError
from hyperpersonal_marketplace.catalogue.card import Card
from hyperpersonal_marketplace.catalogue.catalogue import Catalogue
from hyperpersonal_marketplace.catalogue.index import PAGE_MAX, STANDING_MOST, Index, Query
from hyperpersonal_marketplace.ratings import means
from hyperpersonal_registry.api import Registry
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from .conftest import Market

AT = datetime(2026, 11, 22, tzinfo=UTC)
EMBED = StaticEmbedder().embed


def card(plugin_id: str, title: str, tagline: str, **more: str | tuple[str, ...]) -> Card:
    fields = {"kind": "agent", "category": "orders", "description": tagline} | more
    return Card(plugin_id, "1.0.0", title=title, tagline=tagline, published_at=AT, **fields)  # type: ignore[arg-type]


CARDS = [
    card("acme/tracker", "Parcel tracker", "Tells shoppers where their parcel is.",
         languages=("en", "de"), category="shipping"),
    card("acme/returns", "Easy returns", "Starts returns and exchanges.", languages=("en",),
         category="returns"),
    card("bolt/subscriptions", "Subscriptions", "Pauses and skips recurring orders.",
         languages=("fr",), prices=("monthly",)),
    card("bolt/shop", "Bolt shop", "Connects a Bolt shop.", kind="connector",
         interfaces=("commerce.orders",), category="shops", prices=("free",)),
    card("cosy/gifts", "Gift wrapping", "Answers about wrapping and gift cards.",
         languages=("en",), category="products"),
]  # fmt: skip
INDEX = Index(CARDS, EMBED)


def ids(query: Query, index: Index = INDEX) -> list[str]:
    return [found.plugin_id for found in index.search(query).cards]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("parcel tracker", "acme/tracker"),
        ("parsel traker", "acme/tracker"),
        ("where is my package", "acme/tracker"),
        ("exchange an item", "acme/returns"),
        ("skip a recurring delivery", "bolt/subscriptions"),
        ("GIFT cards", "cosy/gifts"),
        ("bolt", "bolt/shop"),
    ],
)
def test_that_what_is_meant_comes_first(text: str, first: str) -> None:
    assert ids(Query(text))[0] == first


def test_that_nothing_is_found_for_nonsense_and_everything_for_nothing() -> None:
    assert ids(Query("qqqq zzzz xxxx")) == []
    assert ids(Query("  ")) == sorted(card.plugin_id for card in CARDS)
    assert Index((), EMBED).search(Query("parcel")).total == 0


def test_that_facets_narrow_and_count_what_another_choice_would_leave() -> None:
    found = INDEX.search(Query(where={"kind": ["agent"], "language": ["en"]}))
    assert [c.plugin_id for c in found.cards] == ["acme/returns", "acme/tracker", "cosy/gifts"]
    assert found.facets["language"] == {"en": 3, "de": 1, "fr": 1}
    assert found.facets["kind"] == {"agent": 3}
    assert ids(Query(where={"language": ["de", "fr"]})) == ["acme/tracker", "bolt/subscriptions"]
    assert ids(Query(where={"interface": ["commerce.orders"]})) == ["bolt/shop"]
    assert ids(Query(where={"kind": []})) == []
    assert ids(Query(where={"colour": ["red"]})) == []


@given(st.integers(1, 7), st.sampled_from(["", "orders", "returns and parcels"]))
def test_that_pages_put_together_are_the_whole(limit: int, text: str) -> None:
    whole = ids(Query(text, limit=PAGE_MAX))
    pages = [ids(Query(text, offset=at, limit=limit)) for at in range(0, len(whole) + 1, limit)]
    assert [one for page in pages for one in page] == whole


def test_that_standing_orders_the_alike_but_never_beats_what_was_asked_for() -> None:
    twins = [card("a/one", "Order help", "Helps."), card("b/two", "Order help", "Helps.")]
    other = card("c/far", "Wrapping paper help", "Helps to wrap.")
    famous = {"b/two": 0.6, "c/far": 1.0}
    assert ids(Query("order help"), Index([*twins, other], EMBED, famous))[:2] == ["b/two", "a/one"]
    assert ids(Query("order help"), Index([*twins, other], EMBED))[:2] == ["a/one", "b/two"]
    assert STANDING_MOST < 1


names = st.sampled_from([f"acme/n{n}" for n in range(9)])
changed_cards = st.dictionaries(names, st.sampled_from(CARDS), max_size=3)
steps = st.lists(st.tuples(changed_cards, st.sets(names, max_size=2)), max_size=4)


@given(steps)
@settings(max_examples=25)
def test_that_an_index_that_changed_holds_what_a_new_one_holds(
    changes: list[tuple[dict[str, Card], set[str]]],
) -> None:
    known = {card.plugin_id: card for card in CARDS}
    index = Index(CARDS, EMBED)
    for changed, gone in changes:
        fresh = [structs.replace(card, plugin_id=name) for name, card in changed.items()]
        left = gone - set(changed)
        known |= {card.plugin_id: card for card in fresh}
        known = {name: card for name, card in known.items() if name not in left}
        index = index.with_changes(fresh, left, {}, {})
    whole = Index(list(known.values()), EMBED)
    assert len(index) == len(whole) == len(known)
    query = Query(limit=PAGE_MAX)
    assert index.search(query) == whole.search(query)
    narrowed = Query(where={"language": ["en"]}, limit=PAGE_MAX)
    assert index.search(narrowed) == whole.search(narrowed)


def test_that_a_changed_card_is_found_by_its_new_words_and_not_by_its_old() -> None:
    index = Index([*CARDS, card("acme/n1", "Bicycle repair", "Mends bicycles.")], EMBED)
    other = card("acme/n1", "Pension advice", "Reckons pensions.")
    changed = index.with_changes([other], [], {}, {})
    assert ids(Query("bicycle repair"), index)[0] == "acme/n1"
    assert "acme/n1" not in ids(Query("bicycle repair"), changed)
    assert ids(Query("pension advice"), changed)[0] == "acme/n1"
    assert "acme/n1" not in ids(Query(), changed.with_changes([], ["acme/n1"], {}, {}))


@pytest.fixture
def registry(market: Market) -> Registry:
    return market.registry


async def publish(registry: Registry, version: str, name: str = "acme/hello") -> None:
    made = artifact(manifest(name, version))
    await registry.publish(made, Publisher().sign(made))


async def test_that_it_follows_what_is_published_and_withdrawn(registry: Registry) -> None:
    catalogue = Catalogue(registry, EMBED)
    assert await catalogue.follow() == 0
    await publish(registry, "1.0.0")
    await publish(registry, "1.1.0")
    await publish(registry, "1.0.0", "acme/other")
    assert await catalogue.follow() == 2
    assert await catalogue.follow() == 0
    assert catalogue.card("acme/hello").version == "1.1.0"
    await registry.yank("acme/hello", "1.1.0", "It greets twice.")
    await registry.revoke("acme/other", "1.0.0", "It lies.")
    assert await catalogue.follow() == 2
    assert [c.plugin_id for c in catalogue.search(Query("hello")).cards] == ["acme/hello"]
    assert catalogue.card("acme/hello").version == "1.0.0"
    with pytest.raises(NotFoundError):
        catalogue.card("acme/other")


async def test_that_standing_survives_what_is_published_later(registry: Registry) -> None:
    catalogue = Catalogue(registry, EMBED)
    await publish(registry, "1.0.0", "acme/hello_a")
    await publish(registry, "1.0.0", "acme/hello_b")
    await catalogue.follow()
    await catalogue.stand({"acme/hello_b": 1.0})
    await publish(registry, "1.0.0", "acme/later")
    await catalogue.follow()
    found = [c.plugin_id for c in catalogue.search(Query("hello")).cards]
    assert found[0] == "acme/hello_b"


async def test_that_lists_show_stars_and_are_narrowed_and_ordered_by_them(
    registry: Registry,
) -> None:
    for name in ("acme/hello", "acme/hello_b", "acme/hello_c"):
        await publish(registry, "1.0.0", name)
    catalogue = Catalogue(registry, EMBED)
    await catalogue.follow()
    rated = means({"acme/hello": (40, 120), "acme/hello_b": (30, 147), "acme/gone": (1, 5)})
    await catalogue.rate(rated)
    assert (catalogue.card("acme/hello_b").ratings, catalogue.card("acme/hello_b").stars) == (
        30,
        4.9,
    )
    by_stars = catalogue.search(Query("hello", by_stars=True))
    assert [c.plugin_id for c in by_stars.cards] == ["acme/hello_b", "acme/hello_c", "acme/hello"]
    assert by_stars.facets["stars"] == {"3+": 2, "4+": 1}
    best = catalogue.search(Query(where={"stars": ["4+"]}))
    assert [c.plugin_id for c in best.cards] == ["acme/hello_b"]
    await publish(registry, "1.1.0", "acme/hello_b")
    await catalogue.follow()
    assert catalogue.card("acme/hello_b").stars == 4.9, "a new release keeps what shops said"
    await catalogue.rate({})
    assert catalogue.search(Query(where={"stars": ["3+"]})).total == 0
