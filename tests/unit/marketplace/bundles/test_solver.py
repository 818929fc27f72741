"""The solver against all there is: never wrong, never too early giving up, never a vague no."""

import itertools
import random
from collections.abc import Iterator

import pytest
from hyperpersonal_marketplace.bundles.ranges import parse
from hyperpersonal_marketplace.bundles.solver import (
    Conflict,
    Market,
    Option,
    TooHardError,
    Wishes,
)
from hyperpersonal_sdk.capabilities import CapabilitySet
from hypothesis import given
from hypothesis import strategies as st

READ = "tool:commerce.orders.read"
WRITE = "tool:commerce.orders.write"
RANGES = ["*", "^1.0", "1.0.0", ">=2.0", "2.1.0"]
INTERFACES = ["commerce.orders", "mail.send"]


def option(name: str, version: str = "1.0.0", price: int = 0, **more: str) -> Option:
    sets = {key: frozenset(more.get(key, "").split()) for key in ("serves", "uses")}
    asks = CapabilitySet.parse(more.get("asks", "").split())
    return Option(f"acme/{name}", version, "sha256:0", sets["serves"], sets["uses"], asks, price)


def wishes(ceiling: str | None = None, price_max: int | None = None, **plugins: str) -> Wishes:
    wanted = {f"acme/{name}": parse(text) for name, text in plugins.items()}
    return Wishes(wanted, None if ceiling is None else CapabilitySet.parse(ceiling.split()),
                  price_max)  # fmt: skip


def names(found: list[Option] | Conflict) -> list[str]:
    assert isinstance(found, list), found
    return [one.name.removeprefix("acme/") for one in found]


def why(found: list[Option] | Conflict) -> Conflict:
    assert isinstance(found, Conflict), found
    return found


SHOP = [
    option("returns", "1.0.0", uses="commerce.orders"),
    option("returns", "1.4.0", uses="commerce.orders", asks=READ, price=1900),
    option("returns", "2.0.0", uses="commerce.orders mail.send", asks=f"{READ} {WRITE}"),
    option("bolt", "3.0.0", serves="commerce.orders"),
    option("bolt", "3.1.0", serves="commerce.orders", price=500),
    option("zed", "1.0.0", serves="commerce.orders"),
    option("mailer", "1.0.0", serves="mail.send"),
]


def test_that_the_newest_that_fits_is_taken_with_what_it_uses() -> None:
    market = Market(SHOP)
    assert names(market.solve(wishes(returns="*"))) == [
        "returns@2.0.0",
        "bolt@3.1.0",
        "mailer@1.0.0",
    ]
    assert names(market.solve(wishes(returns="^1.0"))) == ["returns@1.4.0", "bolt@3.1.0"]
    assert names(market.solve(wishes(returns="*", ceiling=READ))) == ["returns@1.4.0", "bolt@3.1.0"]
    assert names(market.solve(wishes(returns="^1", price_max=1_900))) == [
        "returns@1.4.0",
        "bolt@3.0.0",
    ]
    assert names(market.solve(wishes(returns="^1", price_max=0))) == ["returns@1.0.0", "bolt@3.0.0"]
    assert names(market.solve(wishes())) == []


def test_that_an_installed_connector_is_preferred() -> None:
    found = Market(SHOP).solve(
        Wishes({"acme/returns": parse("1.0.0")}, installed=frozenset({"acme/zed"}))
    )
    assert names(found) == ["returns@1.0.0", "zed@1.0.0"]


@pytest.mark.parametrize(
    ("asked", "culprits", "words"),
    [
        (wishes(nothing="*", bolt="*"), ["nothing"], "there is no plugin acme/nothing"),
        (wishes(returns="^7", bolt="*"), ["returns"], "no release of acme/returns is ^7"),
        (
            wishes(returns="2.0.0", ceiling=READ),
            ["returns"],
            "more than is allowed: Change and cancel orders",
        ),
        (wishes(bolt="*", zed="*", mailer="*"), ["bolt", "zed"], "serves commerce.orders"),
        (wishes(returns="1.4.0", bolt="3.1.0", price_max=2_000), ["returns", "bolt"], "20.00 USD"),
    ],
)
def test_that_a_no_names_the_smallest_conflict(
    asked: Wishes, culprits: list[str], words: str
) -> None:
    conflict = why(Market(SHOP).solve(asked))
    assert [plugin.removeprefix("acme/") for plugin in conflict.plugins] == culprits
    assert words in "; ".join(conflict.words)


def test_that_an_interface_nobody_serves_is_named() -> None:
    market = Market([option("agent", uses="fax.send")])
    assert "uses fax.send, which nothing serves" in why(market.solve(wishes(agent="*"))).words[0]


MARKETS = st.lists(
    st.builds(
        option,
        st.sampled_from("abcde"),
        st.sampled_from(["1.0.0", "1.2.0", "2.0.0", "2.1.0"]),
        st.sampled_from([0, 0, 5, 9]),
        serves=st.sampled_from(["", "", *INTERFACES]),
        uses=st.sampled_from(["", *INTERFACES, " ".join(INTERFACES)]),
        asks=st.sampled_from(["", READ, WRITE]),
    ),
    max_size=9,
    unique_by=lambda one: one.name,
)
ASKED = st.builds(
    lambda plugins, ceiling, price: wishes(ceiling, price, **plugins),
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(RANGES), max_size=3),
    st.sampled_from([None, None, "", READ]),
    st.sampled_from([None, None, 4, 9, 14]),
)


def holds(chosen: tuple[Option, ...], asked: Wishes) -> bool:
    """Rules 2 and 3, and every wish, as they are written down."""
    ids = [one.plugin_id for one in chosen]
    served = [interface for one in chosen for interface in one.serves]
    by_id = {one.plugin_id: one for one in chosen}
    return (
        len(set(ids)) == len(ids)
        and len(set(served)) == len(served)
        and all(one.uses <= set(served) for one in chosen)
        and all(p in by_id and r.fits(by_id[p].version) for p, r in asked.plugins.items())
        and (asked.ceiling is None or all(asked.ceiling.covers(one.asks) for one in chosen))
        and (asked.price_max is None or sum(one.price for one in chosen) <= asked.price_max)
    )


def all_choices(market: list[Option]) -> Iterator[tuple[Option, ...]]:
    for size in range(len(market) + 1):
        yield from itertools.combinations(market, size)


@given(MARKETS, ASKED)
def test_that_it_agrees_with_trying_everything(options: list[Option], asked: Wishes) -> None:
    possible = any(holds(chosen, asked) for chosen in all_choices(options))
    found = Market(options).solve(asked)
    assert isinstance(found, list) == possible
    if isinstance(found, list):
        assert holds(tuple(found), asked)


@given(MARKETS, ASKED)
def test_that_a_conflict_is_minimal(options: list[Option], asked: Wishes) -> None:
    market, conflict = Market(options), Market(options).solve(asked)
    if isinstance(conflict, list):
        return
    core = Wishes(
        {plugin: asked.plugins[plugin] for plugin in conflict.plugins},
        asked.ceiling if conflict.ceiling else None,
        asked.price_max if conflict.price else None,
    )
    assert isinstance(market.solve(core), Conflict)
    for plugin in core.plugins:
        fewer = {other: wanted for other, wanted in core.plugins.items() if other != plugin}
        assert isinstance(market.solve(Wishes(fewer, core.ceiling, core.price_max)), list)
    assert all(conflict.words)


def test_that_a_riddle_without_end_is_given_up_with_words() -> None:
    """Ten plugins that must each serve another of nine interfaces: exact search cannot finish."""
    options = [
        option(f"p{n}", f"{v}.0.0", serves=f"hole.x{v}") for n in range(10) for v in range(1, 10)
    ]
    with pytest.raises(TooHardError, match="narrower"):
        Market(options).solve(wishes(**{f"p{n}": "*" for n in range(10)}))


def test_that_a_big_market_is_no_riddle() -> None:
    rng = random.Random(7)
    options = [
        option(f"p{n}", f"{v}.{rng.randint(0, 9)}.0", price=rng.randint(0, 5_000),
               uses=f"i.x{rng.randint(0, 200)}", asks=rng.choice([READ, WRITE]))
        for n in range(800) for v in range(1, 11)
    ]  # fmt: skip
    options += [
        option(f"c{n}", f"{v}.0.0", serves=f"i.x{n}") for n in range(201) for v in range(1, 11)
    ]
    asked = wishes(f"{READ} {WRITE}", 3_000_000, **{f"p{n}": "*" for n in range(800)})
    found = Market(options).solve(asked)
    assert isinstance(found, list)
    assert holds(tuple(found), asked)
    nothing = why(Market(options).solve(wishes(price_max=1, **{f"p{n}": "*" for n in range(60)})))
    assert nothing.price
