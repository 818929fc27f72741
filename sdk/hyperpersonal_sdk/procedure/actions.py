"""From a request to the writes it amounts to, in words before and after.

Rules of the shop that are kept here: only a pending order is cancelled or changed, only a
delivered one returned or exchanged; all items of an order go in one call.
"""

import re

from hyperpersonal_sdk.procedure import finder, items, money, payments, swaps, words
from hyperpersonal_sdk.procedure.asks import Ask, Refuse
from hyperpersonal_sdk.procedure.text import join

_OF_ORDER = re.compile(r"\border", re.I)
_ORDER_WORDS = re.compile(r"\b(?:orders?|everything|all|whole|entire|purchase)\b|#\s?W?\d", re.I)
_AS_ORDER = re.compile(r"\border\b", re.I)


def action(tool, arguments, say, done):
    return {"tool": tool, "arguments": arguments, "say": say, "done": done}


def cancel(request, shop):
    found = finder.orders(request, shop, ("pending",))
    actions = []
    for order in found:
        _must_be(order, "pending", "cancelled")
        _whole_order(request, order)
        if not request.get("reason"):
            raise Ask("reason", words.ask_reason(order["id"]), order["id"])
        back = money.amount(order["total"])
        shop.expect(payments.original(order), order["total"]["minor"])
        actions.append(
            action(
                "commerce.orders.cancel",
                {"order_id": order["id"], "reason": request["reason"]},
                f"Cancel order {order['id']} ({_names(order['items'])}) as \u201c{request['reason']}\u201d; "
                f"you get {back} back to {_label(shop, payments.original(order))}.",
                f"Order {order['id']} is cancelled; {back} goes back to {_label(shop, payments.original(order))}.",
            )
        )
    return actions


def _whole_order(request, order):
    """One item of several cannot be cancelled: a pending order is cancelled whole or not."""
    said = request["text"]
    named = {name for _, name in items.mentions(said, {i["name"] for i in order["items"]})}
    if named and len(order["items"]) > len(named) and not _ORDER_WORDS.search(said):
        raise Refuse(
            f"I can only cancel order {order['id']} as a whole, not the {join(sorted(named))} alone, "
            "so I have left it as it is."
        )


def give_back(request, shop):
    actions = []
    for order, bought in finder.picked(request, shop, ("delivered",)):
        _must_be(order, "delivered", "returned")
        if not bought:
            raise Ask("item", words.ask_item(order["id"], [i["name"] for i in order["items"]]), order["id"])
        method = payments.for_refund(request, order, shop)
        back = money.show(*money.total([i["price"] for i in bought]))
        actions.append(
            action(
                "commerce.returns.create",
                {"order_id": order["id"], "item_ids": [i["item_id"] for i in bought],
                 "payment_method_id": method["id"]},
                f"Return {_names(bought)} of order {order['id']}; {back} goes to {payments.label(method)}.",
                f"The return of {_names(bought)} (order {order['id']}) is registered; {back} goes to "
                f"{payments.name(method)}. {words.RETURN_MAIL}",
            )
        )  # fmt: skip
    return actions


def swap(request, shop):
    return [
        _swap_one(request, order, bought, shop)
        for order, bought in finder.picked(request, shop, ("delivered", "pending"))
    ]


def _swap_one(request, order, bought, shop):
    if order["status"] not in ("delivered", "pending"):
        _must_be(order, "delivered", "exchanged")
    dropped = request.get("dropped", [])
    bought = [i for i in bought if i["item_id"] not in dropped]
    if not bought:
        raise Refuse(f"All right, I leave order {order['id']} as it is.")
    new = [swaps.new_item(request, order, item, shop) for item in bought]
    due = sum(v["price"]["minor"] for v in new) - sum(i["price"]["minor"] for i in bought)
    method = payments.for_difference(request, order, shop, due)
    if order["status"] == "pending":
        shop.expect(method["id"], -due)
    changes = join(
        f"{i['name']} ({items.describe(i['options'])}) for {items.describe(v['options'])}"
        for i, v in zip(bought, new)
    )
    delivered = order["status"] == "delivered"
    done = f"The exchange of {changes} is registered. {words.RETURN_MAIL}" if delivered else f"I have changed order {order['id']}: {changes}."
    return action(
        "commerce.exchanges.create" if delivered else "commerce.orders.set_items",
        {"order_id": order["id"], "item_ids": [i["item_id"] for i in bought],
         "new_item_ids": [v["item_id"] for v in new], "payment_method_id": method["id"]},
        f"{'Exchange' if delivered else 'Change'} in order {order['id']}: {changes}; {_difference(due, method, order)}",
        done,
    )  # fmt: skip


def _difference(due, method, order):
    currency = order["total"].get("currency", "USD")
    if due == 0:
        return f"the price stays the same ({payments.name(method)})."
    if due > 0:
        return f"you pay {money.show(due, currency)} with {payments.label(method)}."
    return f"you get {money.show(-due, currency)} back to {payments.label(method)}."


def set_address(request, shop):
    actions = []
    for order in finder.orders(request, shop, ("pending",)):
        _must_be(order, "pending", "sent to another address")
        place = where(request, shop, f"order {order['id']}")
        actions.append(
            action(
                "commerce.orders.set_address",
                {"order_id": order["id"], "address": place},
                f"Send order {order['id']} to {show_address(place)}.",
                f"Order {order['id']} will now go to {show_address(place)}.",
            )
        )
    return actions


def profile_address(request, shop):
    place = where(request, shop, "your account")
    return [
        action(
            "commerce.customers.set_address",
            {"customer_id": shop.customer["id"], "address": place},
            f"Set the default address of your account to {show_address(place)}.",
            f"The default address of your account is now {show_address(place)}.",
        )
    ]


def where(request, shop, what):
    """The address meant: written out, that of another order, of the profile, or of a known city."""
    if request.get("address"):
        return request["address"]
    if request.get("same_as"):
        other = shop.order(request["same_as"])
        if other:
            return other["address"]
    if request.get("to_default"):
        return shop.customer["address"]
    known = {tuple(sorted(a.items())): a for a in _known_addresses(shop)}
    said = f"{request.get('before', '')} {request['text']}".lower()
    fits = [a for a in known.values() if a["city"].lower() in said or a["address1"].lower() in said]
    if len(fits) == 1:
        return fits[0]
    raise Ask("address", words.ask_address(what), what)


def _known_addresses(shop):
    return [shop.customer["address"], *(o["address"] for o in shop.orders())]


def set_payment(request, shop):
    actions = []
    for order in finder.orders(request, shop, ("pending",)):
        _must_be(order, "pending", "paid another way")
        method = payments.instead(request, order, shop)
        shop.expect(method["id"], -order["total"]["minor"])
        shop.expect(payments.original(order), order["total"]["minor"])
        actions.append(
            action(
                "commerce.orders.set_payment",
                {"order_id": order["id"], "payment_method_id": method["id"]},
                f"Use {payments.label(method)} for order {order['id']} ({money.amount(order['total'])}); "
                f"what was paid before goes back to {_label(shop, payments.original(order))}.",
                f"Order {order['id']} is now paid with {payments.name(method)}.",
            )
        )
    return actions


def _must_be(order, status, what):
    if order["status"] != status:
        raise Refuse(
            f"Order {order['id']} has the status \u201c{order['status']}\u201d; "
            f"only a {status} order can be {what}."
        )


def _names(bought):
    return join(item["name"] for item in bought)


def _label(shop, payment_method_id):
    method = shop.method(payment_method_id)
    return payments.name(method) if method else "the original method"


def show_address(place):
    parts = [place["address1"], place.get("address2"), place["city"], place["state"], place["zip"]]
    return ", ".join(p for p in parts if p)


BUILDERS = {
    "cancel": cancel,
    "return": give_back,
    "swap": swap,
    "set_address": set_address,
    "set_payment": set_payment,
    "profile_address": profile_address,
}
ORDER_OF_WORK = ("profile_address", "set_address", "set_payment", "cancel", "return", "swap")


def in_order(actions):
    """What changes an order's address or payment comes before what closes it for changes."""
    ranks = {
        "commerce.orders.cancel": 0,
        "commerce.customers.set_address": 0,
        "commerce.orders.set_address": 1,
        "commerce.orders.set_payment": 2,
    }
    return sorted(actions, key=lambda a: ranks.get(a["tool"], 3))
