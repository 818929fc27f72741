"""The shop's rules: what each action leaves, and what each refuses."""

from typing import Any

import pytest
from hyperpersonal_web.demo_shop.model import (
    Action,
    Address,
    Change,
    Customer,
    Item,
    Order,
    Payment,
    PaymentMethod,
    Product,
    Records,
    Variant,
)
from hyperpersonal_web.demo_shop.rules import ShopRefusalError, apply

HOME = Address("1 Mill Road", "", "Bend", "OR", "USA", "97701")
MUGS = Product(
    "p1",
    "Mug",
    {
        "m-white": Variant("m-white", {"color": "white"}, True, 1000),
        "m-navy": Variant("m-navy", {"color": "navy"}, True, 1250),
        "m-moss": Variant("m-moss", {"color": "moss"}, False, 900),
        "m-sand": Variant("m-sand", {"color": "sand"}, True, 800),
    },
)
TENTS = Product("p2", "Tent", {"t-one": Variant("t-one", {}, True, 20000)})
WHITE = Item("m-white", "p1", "Mug", 1000, {"color": "white"})
TENT = Item("t-one", "p2", "Tent", 20000, {})
METHODS = {
    "card": PaymentMethod("card", "credit_card", "visa", "4242"),
    "gift": PaymentMethod("gift", "gift_card", balance=300),
    "paypal": PaymentMethod("paypal", "paypal"),
}
CUSTOMER = Customer("ann", "Ann", "Lee", "ann@example.com", HOME, METHODS, ["#W1"])


def shop(status: str, *items: Item, paid_with: str = "card") -> Records:
    bought = list(items or (WHITE, TENT))
    paid = [Payment("payment", sum(item.price for item in bought), paid_with)]
    order = Order("#W1", "ann", status, HOME, bought, [], paid)
    return Records({"#W1": order}, {"ann": CUSTOMER}, {"p1": MUGS, "p2": TENTS})


def act(records: Records, tool: str, **args: Any) -> Change:
    return apply(records, Action(tool, args))


def refused(records: Records, tool: str, **args: Any) -> str:
    with pytest.raises(ShopRefusalError) as caught:
        act(records, tool, **args)
    return caught.value.code


def order_of(change: Change) -> Order:
    assert change.order is not None
    return change.order


def test_that_a_pending_order_is_cancelled_and_refunded_to_where_it_was_paid_from() -> None:
    change = act(
        shop("pending", WHITE, paid_with="gift"),
        "cancel_pending_order",
        order_id="#W1",
        reason="no longer needed",
    )
    order = order_of(change)
    assert (order.status, order.cancel_reason) == ("cancelled", "no longer needed")
    assert order.payments == [Payment("payment", 1000, "gift"), Payment("refund", 1000, "gift")]
    assert change.customer.payment_methods["gift"].balance == 1300
    assert change.amount == 1000
    assert order.note == "The order was cancelled. $10.00 was added at once to the gift card."


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        ("processed", "no longer needed", "not_pending"),
        ("pending (item modified)", "no longer needed", "not_pending"),
        ("pending", "too slow", "bad_reason"),
    ],
)
def test_that_a_cancellation_is_refused(status: str, reason: str, code: str) -> None:
    assert refused(shop(status), "cancel_pending_order", order_id="#W1", reason=reason) == code


ELSEWHERE = {
    "address1": "2 Oak",
    "address2": "",
    "city": "Duluth",
    "state": "MN",
    "country": "USA",
    "zip": "1",
}


@pytest.mark.parametrize("status", ["pending", "pending (item modified)"])
def test_that_a_pending_order_goes_elsewhere(status: str) -> None:
    change = act(shop(status), "modify_pending_order_address", order_id="#W1", **ELSEWHERE)
    assert order_of(change).address == Address(**ELSEWHERE)
    assert order_of(change).status == status
    assert change.customer == CUSTOMER


def test_that_an_address_change_is_refused_once_sent_or_without_a_city() -> None:
    tool = "modify_pending_order_address"
    assert refused(shop("processed"), tool, order_id="#W1", **ELSEWHERE) == "not_pending"
    half = {key: value for key, value in ELSEWHERE.items() if key != "city"}
    assert refused(shop("pending"), tool, order_id="#W1", **half) == "bad_address"


def test_that_the_payment_moves_to_another_method_and_the_first_is_refunded() -> None:
    change = act(
        shop("pending", WHITE, paid_with="gift"),
        "modify_pending_order_payment",
        order_id="#W1",
        payment_method_id="paypal",
    )
    kinds = [(paid.kind, paid.payment_method_id) for paid in order_of(change).payments]
    assert kinds == [("payment", "gift"), ("payment", "paypal"), ("refund", "gift")]
    assert change.customer.payment_methods["gift"].balance == 1300


@pytest.mark.parametrize(
    ("status", "method", "code"),
    [
        ("delivered", "paypal", "not_pending"),
        ("pending", "card", "same_method"),
        ("pending", "gift", "balance_too_low"),
        ("pending", "somebody else's", "no_method"),
    ],
)
def test_that_a_payment_change_is_refused(status: str, method: str, code: str) -> None:
    records = shop(status)
    tool = "modify_pending_order_payment"
    assert refused(records, tool, order_id="#W1", payment_method_id=method) == code


def test_that_the_payment_changes_only_once() -> None:
    tool, records = "modify_pending_order_payment", shop("pending")
    changed = records.after(act(records, tool, order_id="#W1", payment_method_id="paypal"))
    code = refused(changed, tool, order_id="#W1", payment_method_id="card")
    assert code == "paid_more_than_once"


@pytest.mark.parametrize(
    ("new", "kind", "amount", "balance"),
    [("m-navy", "payment", 250, 50), ("m-sand", "refund", 200, 500)],
)
def test_that_items_change_and_the_difference_is_settled(
    new: str, kind: str, amount: int, balance: int
) -> None:
    change = act(
        shop("pending"),
        "modify_pending_order_items",
        order_id="#W1",
        item_ids=["m-white"],
        new_item_ids=[new],
        payment_method_id="gift",
    )
    order = order_of(change)
    assert order.status == "pending (item modified)"
    assert order.items == [
        Item(new, "p1", "Mug", MUGS.variants[new].price, MUGS.variants[new].options),
        TENT,
    ]
    assert order.payments[-1] == Payment(kind, amount, "gift")
    assert change.customer.payment_methods["gift"].balance == balance
    assert change.amount == amount


BAD_ITEMS = [
    (["m-white"], ["t-one"], "card", "other_product"),
    (["m-white"], ["m-moss"], "card", "not_available"),
    (["m-white", "m-white"], ["m-navy", "m-navy"], "card", "no_item"),
    (["m-white"], ["m-navy", "m-sand"], "card", "not_paired"),
    ([], [], "card", "no_item"),
    (["m-white"], ["m-navy"], "somebody else's", "no_method"),
]


@pytest.mark.parametrize(("old", "new", "method", "code"), BAD_ITEMS)
@pytest.mark.parametrize(
    ("tool", "status"),
    [("modify_pending_order_items", "pending"), ("exchange_delivered_order_items", "delivered")],
)
def test_that_a_replacement_is_refused(
    tool: str, status: str, old: list[str], new: list[str], method: str, code: str
) -> None:
    args = {"item_ids": old, "new_item_ids": new, "payment_method_id": method}
    assert refused(shop(status), tool, order_id="#W1", **args) == code


def test_that_items_change_only_once_and_only_before_dispatch() -> None:
    args = {"item_ids": ["m-white"], "new_item_ids": ["m-navy"], "payment_method_id": "card"}
    for status in ("pending (item modified)", "processed", "delivered"):
        code = refused(shop(status), "modify_pending_order_items", order_id="#W1", **args)
        assert code == "not_pending"


def test_that_a_gift_card_must_cover_the_difference() -> None:
    dear = Product("p1", "Mug", {"m-gold": Variant("m-gold", {"color": "gold"}, True, 1301)})
    records = shop("pending")
    records.products["p1"] = dear
    args = {"item_ids": ["m-white"], "new_item_ids": ["m-gold"], "payment_method_id": "gift"}
    assert (
        refused(records, "modify_pending_order_items", order_id="#W1", **args) == "balance_too_low"
    )


@pytest.mark.parametrize("method", ["card", "gift"])
def test_that_a_return_is_opened_for_the_original_method_or_a_gift_card(method: str) -> None:
    change = act(
        shop("delivered"),
        "return_delivered_order_items",
        order_id="#W1",
        item_ids=["t-one", "m-white"],
        payment_method_id=method,
    )
    order = order_of(change)
    assert order.status == "return requested"
    assert order.return_items == ["m-white", "t-one"]
    assert order.return_payment_method_id == method
    assert change.amount == 21000
    assert change.customer == CUSTOMER  # paid back when the parcel arrives


@pytest.mark.parametrize(
    ("status", "items", "method", "code"),
    [
        ("pending", ["t-one"], "card", "not_delivered"),
        ("return requested", ["t-one"], "card", "not_delivered"),
        ("delivered", ["t-one"], "paypal", "refund_elsewhere"),
        ("delivered", ["t-two"], "card", "no_item"),
        ("delivered", ["t-one", "t-one"], "card", "no_item"),
        ("delivered", [], "card", "no_item"),
    ],
)
def test_that_a_return_is_refused(status: str, items: list[str], method: str, code: str) -> None:
    args = {"item_ids": items, "payment_method_id": method}
    assert refused(shop(status), "return_delivered_order_items", order_id="#W1", **args) == code


def test_that_an_exchange_is_opened_and_tells_the_difference() -> None:
    change = act(
        shop("delivered"),
        "exchange_delivered_order_items",
        order_id="#W1",
        item_ids=["m-white"],
        new_item_ids=["m-navy"],
        payment_method_id="card",
    )
    order = order_of(change)
    assert order.status == "exchange requested"
    assert (order.exchange_items, order.exchange_new_items) == (["m-white"], ["m-navy"])
    assert order.exchange_price_difference == 250
    assert order.items == [WHITE, TENT]
    assert order.note.endswith("$2.50 is paid with the visa card ending in 4242.")
    args = {"item_ids": ["m-white"], "new_item_ids": ["m-navy"], "payment_method_id": "card"}
    code = refused(shop("pending"), "exchange_delivered_order_items", order_id="#W1", **args)
    assert code == "not_delivered"


def test_that_a_customer_moves_and_an_unknown_one_does_not() -> None:
    change = act(shop("pending"), "modify_user_address", user_id="ann", **ELSEWHERE)
    assert change.customer.address == Address(**ELSEWHERE)
    assert change.order is None
    assert (
        refused(shop("pending"), "modify_user_address", user_id="bob", **ELSEWHERE) == "no_customer"
    )


def test_that_unknown_orders_actions_and_arguments_are_refused() -> None:
    records = shop("pending")
    cancel = {"reason": "no longer needed"}
    assert refused(records, "cancel_pending_order", order_id="#W2", **cancel) == "no_order"
    assert refused(records, "give_everything", order_id="#W1") == "unknown_action"
    assert refused(records, "cancel_pending_order", order_id="#W1", why="x") == "bad_arguments"
