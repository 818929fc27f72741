"""The shop's rules as pure functions: records and an action in, the change or a refusal out.

Source: the retail policy and tools of the tau benchmark (sierra-research/tau2-bench).
- Only a pending order is cancelled or changed; only a delivered one is returned or exchanged.
- Items are changed once, as one list, to available variants of the same products.
- A refund goes to the original payment method or to one of the customer's gift cards.
- A gift card must cover what it pays; gift cards are refunded at once, others in 5-7 days.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from hyperpersonal_web.demo_shop.model import (
    Action,
    Address,
    Change,
    Customer,
    Item,
    Order,
    Payment,
    PaymentMethod,
    Records,
    Variant,
)

CANCEL_REASONS = ("no longer needed", "ordered by mistake")
LATER = "within 5 to 7 business days"


class ShopRefusalError(Exception):
    """The shop refuses. `message` may be told to the shopper; `status` is the HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def refuse_state(code: str, message: str) -> ShopRefusalError:
    """The state of the order does not allow it."""
    return ShopRefusalError(409, code, message)


def refuse_input(code: str, message: str) -> ShopRefusalError:
    """What was asked for makes no sense here."""
    return ShopRefusalError(422, code, message)


def apply(records: Records, action: Action) -> Change:
    """What `action` leaves behind.

    Raises:
        ShopRefusalError: a rule forbids it, or something named in it does not exist.
    """
    rule = RULES.get(action.tool)
    if rule is None:
        raise refuse_input("unknown_action", f"The shop knows no action {action.tool}.")
    try:
        return rule(records, **action.args)
    except TypeError as error:
        raise refuse_input("bad_arguments", f"{action.tool}: {error}") from None


def cancel(records: Records, order_id: str, reason: str) -> Change:
    """Cancel a pending order and refund every payment to where it came from."""
    order, customer = _order(records, order_id)
    if order.status != "pending":
        raise refuse_state("not_pending", _only("cancelled", "pending", order))
    if reason not in CANCEL_REASONS:
        raise refuse_input("bad_reason", f"The reason must be one of: {', '.join(CANCEL_REASONS)}.")
    refunds = [Payment("refund", paid.amount, paid.payment_method_id) for paid in order.payments]
    told = []
    for refund in refunds:
        customer = _credit(customer, refund.payment_method_id, refund.amount)
        told.append(_refund_told(_method(customer, refund.payment_method_id), refund.amount))
    cancelled = replace(
        order, status="cancelled", cancel_reason=reason, payments=order.payments + refunds,
        note="The order was cancelled. " + " ".join(told),
    )  # fmt: skip
    return Change(customer, cancelled, sum(refund.amount for refund in refunds))


def set_order_address(records: Records, order_id: str, **address: Any) -> Change:
    """Send a pending order elsewhere."""
    order, customer = _order(records, order_id)
    if "pending" not in order.status:
        raise refuse_state("not_pending", _only("changed", "pending", order))
    moved = replace(order, address=_address(address), note="The shipping address was changed.")
    return Change(customer, moved)


def set_payment(records: Records, order_id: str, payment_method_id: str) -> Change:
    """Let one other payment method pay a pending order; the first one is refunded."""
    order, customer = _order(records, order_id)
    if "pending" not in order.status:
        raise refuse_state("not_pending", _only("changed", "pending", order))
    if len(order.payments) != 1 or order.payments[0].kind != "payment":
        raise refuse_state("paid_more_than_once", "The payment of this order was already changed.")
    paid = order.payments[0]
    if paid.payment_method_id == payment_method_id:
        raise refuse_input("same_method", "The order is already paid with that payment method.")
    new = _method(customer, payment_method_id)
    _must_cover(new, paid.amount)
    old = _method(customer, paid.payment_method_id)
    customer = _credit(_credit(customer, new.id, -paid.amount), old.id, paid.amount)
    history = [Payment("payment", paid.amount, new.id), Payment("refund", paid.amount, old.id)]
    note = f"{money(paid.amount)} is now paid with {label(new)}. {_refund_told(old, paid.amount)}"
    changed = replace(order, payments=order.payments + history, note=note)
    return Change(customer, changed, paid.amount)


def set_items(
    records: Records,
    order_id: str,
    item_ids: list[str],
    new_item_ids: list[str],
    payment_method_id: str,
) -> Change:
    """Change items of a pending order to other variants; once per order."""
    order, customer = _order(records, order_id)
    if order.status != "pending":
        raise refuse_state("not_pending", _only("changed", "pending", order))
    variants = _replacements(records, order, item_ids, new_item_ids)
    difference = _difference(order, item_ids, variants)
    method = _method(customer, payment_method_id)
    _must_cover(method, difference)
    kind = "payment" if difference > 0 else "refund"
    items = _replaced(order.items, item_ids, variants)
    changed = replace(
        order, status="pending (item modified)", items=items,
        payments=[*order.payments, Payment(kind, abs(difference), method.id)],
        note="The items were changed. " + _difference_told(method, difference),
    )  # fmt: skip
    return Change(_credit(customer, method.id, -difference), changed, abs(difference))


def return_items(
    records: Records, order_id: str, item_ids: list[str], payment_method_id: str
) -> Change:
    """Open a return of items of a delivered order."""
    order, customer = _order(records, order_id)
    if order.status != "delivered":
        raise refuse_state("not_delivered", _only("returned", "delivered", order))
    method = _method(customer, payment_method_id)
    if method.source != "gift_card" and method.id != order.payments[0].payment_method_id:
        raise refuse_input(
            "refund_elsewhere", "A refund goes to the original payment method or to a gift card."
        )
    _must_hold(order, item_ids)
    amount = sum(_item(order, item_id).price for item_id in item_ids)
    note = f"A return was opened; {money(amount)} goes back to {label(method)} when it arrives."
    returned = replace(
        order, status="return requested", return_items=sorted(item_ids),
        return_payment_method_id=method.id, note=note,
    )  # fmt: skip
    return Change(customer, returned, amount)


def exchange_items(
    records: Records,
    order_id: str,
    item_ids: list[str],
    new_item_ids: list[str],
    payment_method_id: str,
) -> Change:
    """Open an exchange of items of a delivered order for other variants of the same products."""
    order, customer = _order(records, order_id)
    if order.status != "delivered":
        raise refuse_state("not_delivered", _only("exchanged", "delivered", order))
    variants = _replacements(records, order, item_ids, new_item_ids)
    difference = _difference(order, item_ids, variants)
    method = _method(customer, payment_method_id)
    _must_cover(method, difference)
    exchanged = replace(
        order, status="exchange requested", exchange_items=sorted(item_ids),
        exchange_new_items=sorted(new_item_ids), exchange_payment_method_id=method.id,
        exchange_price_difference=difference,
        note="An exchange was opened. " + _difference_told(method, difference),
    )  # fmt: skip
    return Change(customer, exchanged, abs(difference))


def set_customer_address(records: Records, user_id: str, **address: Any) -> Change:
    """Change a customer's default address."""
    if user_id not in records.customers:
        raise ShopRefusalError(404, "no_customer", "There is no such customer.")
    return Change(replace(records.customers[user_id], address=_address(address)))


RULES: dict[str, Callable[..., Change]] = {
    "cancel_pending_order": cancel,
    "modify_pending_order_address": set_order_address,
    "modify_pending_order_payment": set_payment,
    "modify_pending_order_items": set_items,
    "modify_user_address": set_customer_address,
    "return_delivered_order_items": return_items,
    "exchange_delivered_order_items": exchange_items,
}


def money(cents: int) -> str:
    """$1,234.50"""
    return f"${cents / 100:,.2f}"


def label(method: PaymentMethod) -> str:
    """A payment method in words that are safe to show."""
    if method.source == "credit_card":
        return f"the {method.brand} card ending in {method.last_four}"
    return "PayPal" if method.source == "paypal" else "the gift card"


def _only(done: str, status: str, order: Order) -> str:
    return f"Only a {status} order can be {done}; {order.id} is {order.status}."


def _order(records: Records, order_id: str) -> tuple[Order, Customer]:
    order = records.orders.get(order_id)
    if order is None:
        raise ShopRefusalError(404, "no_order", f"There is no order {order_id}.")
    return order, records.customers[order.customer_id]


def _address(fields: dict[str, Any]) -> Address:
    try:
        return msgspec.convert({"address2": "", **fields}, Address)
    except msgspec.ValidationError as error:
        raise refuse_input("bad_address", f"The address is not complete: {error}") from None


def _method(customer: Customer, payment_method_id: str) -> PaymentMethod:
    method = customer.payment_methods.get(payment_method_id)
    if method is None:
        raise refuse_input("no_method", f"The customer has no payment method {payment_method_id}.")
    return method


def _credit(customer: Customer, payment_method_id: str, cents: int) -> Customer:
    """The customer with `cents` more on a gift card; other methods keep no balance here."""
    method = _method(customer, payment_method_id)
    if method.balance is None or not cents:
        return customer
    filled = replace(method, balance=method.balance + cents)
    return replace(customer, payment_methods={**customer.payment_methods, method.id: filled})


def _must_cover(method: PaymentMethod, cents: int) -> None:
    if method.balance is not None and method.balance < cents:
        raise refuse_input(
            "balance_too_low",
            f"The gift card holds {money(method.balance)}; {money(cents)} is needed.",
        )


def _must_hold(order: Order, item_ids: list[str]) -> None:
    bought = Counter(item.item_id for item in order.items)
    missing = Counter(item_ids) - bought
    if missing or not item_ids:
        named = ", ".join(missing) or "none was named"
        raise refuse_input("no_item", f"Items not in order {order.id}: {named}.")


def _item(order: Order, item_id: str) -> Item:
    return next(item for item in order.items if item.item_id == item_id)


def _replacements(
    records: Records, order: Order, item_ids: list[str], new_item_ids: list[str]
) -> list[Variant]:
    """The new variant for each item, in order."""
    _must_hold(order, item_ids)
    if len(item_ids) != len(new_item_ids):
        raise refuse_input("not_paired", "Each item needs exactly one new item.")
    pairs = zip(item_ids, new_item_ids, strict=True)
    return [_variant(records, _item(order, old), new) for old, new in pairs]


def _variant(records: Records, item: Item, new_item_id: str) -> Variant:
    product = records.products.get(item.product_id)
    variant = product.variants.get(new_item_id) if product else None
    if variant is None:
        raise refuse_input("other_product", f"{new_item_id} is no variant of {item.name}.")
    if not variant.available:
        raise refuse_state("not_available", f"{item.name} {new_item_id} is not available now.")
    return variant


def _difference(order: Order, item_ids: list[str], variants: list[Variant]) -> int:
    before = sum(_item(order, item_id).price for item_id in item_ids)
    return sum(variant.price for variant in variants) - before


def _replaced(items: list[Item], item_ids: list[str], variants: list[Variant]) -> list[Item]:
    """One pair after the other, each on the first item that has the id then."""
    items = list(items)
    for item_id, new in zip(item_ids, variants, strict=True):
        at = next(at for at, item in enumerate(items) if item.item_id == item_id)
        items[at] = replace(items[at], item_id=new.item_id, price=new.price, options=new.options)
    return items


def _refund_told(method: PaymentMethod, cents: int) -> str:
    when = "was added at once" if method.balance is not None else f"goes back {LATER}"
    return f"{money(cents)} {when} to {label(method)}."


def _difference_told(method: PaymentMethod, difference: int) -> str:
    if difference > 0:
        return f"The difference of {money(difference)} is paid with {label(method)}."
    if difference < 0:
        return f"The difference of {money(-difference)} goes back to {label(method)}."
    return "There is no price difference."
