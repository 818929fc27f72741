"""What is proposed works, is the least, and is needed in every part."""

from hyperpersonal_marketplace.bundles.changes import WEIGHTS, Way, smallest
from hyperpersonal_marketplace.bundles.ranges import parse
from hyperpersonal_marketplace.bundles.solver import Conflict, Market, Option, Wishes
from hyperpersonal_sdk.capabilities import CapabilitySet
from hypothesis import given
from msgspec import structs

from .test_solver import ASKED, MARKETS, READ, SHOP, WRITE, holds, option, wishes

ANY = parse("*")


def way(market: Market, asked: Wishes) -> Way:
    found = market.solve(asked)
    assert isinstance(found, Conflict), found
    changes = smallest(market, asked, found)
    assert changes is not None
    return changes


@given(MARKETS, ASKED)
def test_that_what_is_proposed_would_work(options: list[Option], asked: Wishes) -> None:
    market = Market(options)
    conflict = market.solve(asked)
    if isinstance(conflict, list):
        return
    found = smallest(market, asked, conflict)
    if found is None:
        return
    left = asked
    for change in found.changes:
        plugins = dict(left.plugins)
        if change.kind == "widen":
            plugins[change.subject] = ANY
        if change.kind == "leave_out":
            plugins.pop(change.subject)
        left = structs.replace(
            left, plugins=plugins,
            ceiling=None if change.kind == "allow" else left.ceiling,
            price_max=None if change.kind == "pay" else left.price_max,
        )  # fmt: skip
    assert holds(found.chosen, left)
    assert len(found.words) == len(found.changes) > 0


@given(MARKETS, ASKED)
def test_that_no_single_gentle_change_is_overlooked(options: list[Option], asked: Wishes) -> None:
    market = Market(options)
    conflict = market.solve(asked)
    if isinstance(conflict, list):
        return
    gentle = [structs.replace(asked, plugins={**asked.plugins, p: ANY}) for p in asked.plugins]
    gentle += [structs.replace(asked, ceiling=None), structs.replace(asked, price_max=None)]
    found = smallest(market, asked, conflict)
    if any(isinstance(market.solve(one), list) for one in gentle):
        assert found is not None
        assert sum(WEIGHTS[change.kind] for change in found.changes) == 1


def test_that_the_words_say_what_to_write() -> None:
    market = Market(SHOP)
    assert way(market, wishes(returns="^7")).words == (
        "take acme/returns 2.0.0 (you asked for ^7)",
    )
    assert way(market, wishes(returns="2.0.0", ceiling=READ)).words == (
        "also allow: Change and cancel orders",
    )
    assert way(market, wishes(returns="1.4.0", bolt="3.1.0", price_max=2_000)).words == (
        "let it cost up to 24.00 USD a month",
    )
    assert way(market, wishes(bolt="*", zed="*")).words == ("do without acme/bolt",)


def test_that_an_interface_is_named_when_nobody_serves_it() -> None:
    market = Market(SHOP)
    asked = structs.replace(wishes(bolt="*"), interfaces=("fax.send",))
    conflict = market.solve(asked)
    assert isinstance(conflict, Conflict)
    assert conflict.interfaces == ("fax.send",)
    assert conflict.words == ("somebody must serve fax.send, and nothing does",)
    assert way(market, asked).words == ("do without fax.send",)
    served = market.solve(structs.replace(wishes(), interfaces=("mail.send",)))
    assert isinstance(served, list)
    assert [one.name for one in served] == ["acme/mailer@1.0.0"]


def test_that_several_models_may_serve_but_one_connector_only() -> None:
    models = [option(f"m{n}", serves="model.generate") for n in (1, 2)]
    market = Market([*models, option("writer", uses="model.generate"), *SHOP])
    found = market.solve(wishes(m1="*", m2="*", writer="*"))
    assert isinstance(found, list)
    assert isinstance(market.solve(wishes(bolt="*", zed="*")), Conflict)


def test_that_the_installed_release_itself_is_kept_for_what_nobody_named() -> None:
    old = Option("acme/bolt", "3.0.0", "sha256:old", frozenset(["commerce.orders"]))
    new = Option("acme/bolt", "3.1.0", "sha256:new", frozenset(["commerce.orders"]))
    user = Option("acme/user", "1.0.0", "sha256:u", uses=frozenset(["commerce.orders"]))
    asked = Wishes(
        {"acme/user": ANY}, installed=frozenset(["acme/bolt"]), present=frozenset(["sha256:old"])
    )
    found = Market([old, new, user]).solve(asked)
    assert isinstance(found, list)
    assert [one.name for one in found] == ["acme/user@1.0.0", "acme/bolt@3.0.0"]


def test_that_a_ceiling_is_for_each_and_the_price_for_all() -> None:
    pair = [option("a", asks=READ, price=600), option("b", asks=WRITE, price=600)]
    both = CapabilitySet.parse([READ, WRITE])
    market = Market(pair)
    asked = Wishes({"acme/a": ANY, "acme/b": ANY}, both, 1_200)
    assert isinstance(market.solve(asked), list)
    assert isinstance(market.solve(structs.replace(asked, price_max=1_199)), Conflict)
    assert isinstance(market.solve(structs.replace(asked, ceiling=both.meet(
        CapabilitySet.parse([READ])))), Conflict)  # fmt: skip
