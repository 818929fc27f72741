"""From a request to the writes it amounts to, in words before and after.

Rules of the shop that are kept here: only a pending order is cancelled or changed, only a
delivered one returned or exchanged; all items of an order go in one call.
"""

import re

from hyperpersonal_sdk.procedure import finder, items, money, payments, picking, swaps, words
from hyperpersonal_sdk.procedure.asks import Ask, Refuse
from hyperpersonal_sdk.procedure.text import join

_ORDER_WORDS = re.compile(
    r"\b(?:orders?|everything|all|whole|entire|purchase)\b|#\s?W?\d"
    r"|\bthe\s+(?:one|other)\s+(?:with|that|which|containing)\b",
    re.I,
)
_PART = re.compile(
    r"\b(?:from|out\s+of|off|in|of)\s+(?:it\b|(?:(?:my|the|that|this)\s+)?(?:\w+\s+)?order\b|#)"
    r"|\b(?:keep|leave|ship|send)\s+(?:\w+\s+)?(?:the\s+)?(?:rest|others?|other\s+items)\b"
    r"|\b(?:rest|others?)\b[^.;]{0,20}\bstays?\b"
    r"|\b(?:1|one)\s+of\s+(?:the|my|those|them|these)\b|\bremov\w*\s+(?:one|1|the|a|my)\b"
    r"|(?<!with )(?<!has )(?<!containing )"
    r"\b(?:only|just)\s+(?:the|my|one|1)\b|\b(?:the|my)\s+\w+(?:\s\w+)?\s+only\b",
    re.I,
)
_NOT_THE = re.compile(r"\bnot\s+(?:the|my)\b[^.;]*", re.I)
_WHOLE = re.compile(r"\b(?:whole|entire|complete|full|all\s+of|everything\s+in)\b", re.I)


def action(tool, arguments, say, done):
    return {"tool": tool, "arguments": arguments, "say": say, "done": done}


def cancel(request, shop):
    found = finder.orders(request, shop, ("pending",))
    actions = []
    for order in found:
        must_be(order, "pending", "cancelled")
        _whole_order(request, order)
        if not request.get("reason"):
            raise Ask("reason", words.ask_reason(order["id"]), order["id"])
        back = money.amount(order["total"])
        shop.expect(payments.original(order), order["total"]["minor"])
        actions.append(
            action(
                "commerce.orders.cancel",
                {"order_id": order["id"], "reason": request["reason"]},
                f"Cancel order {order['id']} ({_names(order['items'])}) as "
                f"\u201c{request['reason']}\u201d; "
                f"you get {back} back to {_label(shop, payments.original(order))}.",
                f"Order {order['id']} is cancelled; {back} goes back to "
                f"{_label(shop, payments.original(order))}.",
            )
        )
    return actions


def _whole_order(request, order):
    """One item of several cannot be cancelled: a pending order is cancelled whole or not."""
    said = request["text"]
    wanted = _NOT_THE.sub(" ", said)
    named = {name for _, name in items.mentions(wanted, {i["name"] for i in order["items"]})}
    part = _PART.search(said) and not _WHOLE.search(said)
    if named and len(order["items"]) > len(named) and (part or not _ORDER_WORDS.search(said)):
        raise Refuse(
            f"I can only cancel order {order['id']} as a whole, not the {join(sorted(named))} "
            f"alone, "
            "so I have left it as it is."
        )


def give_back(request, shop):
    actions, refused = [], []
    for order, bought in picking.picked(request, shop, ("delivered",)):
        try:
            actions.append(_return_one(request, order, bought, shop))
        except Refuse as refusal:
            refused.append(str(refusal))
    if not actions:
        raise Refuse(" ".join(refused))
    actions[0]["say"] = " ".join([*refused, actions[0]["say"]])
    return actions


def _return_one(request, order, bought, shop):
    must_be(order, "delivered", "returned")
    if not bought:
        names = [i["name"] for i in order["items"]]
        raise Ask("item", words.ask_item(order["id"], names), order["id"])
    method = payments.for_refund(request, order, shop, _names(bought[:2]))
    back = money.show(*money.total([i["price"] for i in bought]))
    return action(
        "commerce.returns.create",
        {"order_id": order["id"], "item_ids": [i["item_id"] for i in bought],
         "payment_method_id": method["id"]},
        f"Return {_names(bought)} of order {order['id']}; {back} goes to {payments.label(method)}.",
        f"The return of {_names(bought)} (order {order['id']}) is registered; {back} goes to "
        f"{payments.name(method)}. {words.RETURN_MAIL}",
    )  # fmt: skip


def swap(request, shop):
    return [
        _swap_one(request, order, bought, shop)
        for order, bought in picking.picked(request, shop, ("delivered", "pending"))
    ]


def _swap_one(request, order, bought, shop):
    if order["status"] not in ("delivered", "pending"):
        must_be(order, "delivered", "exchanged")
    dropped = request.get("dropped", [])
    bought = [i for i in bought if i["item_id"] not in dropped]
    if not bought:
        raise Refuse(f"All right, I leave order {order['id']} as it is.")
    new = [swaps.new_item(request, order, item, shop) for item in bought]
    due, written = money.difference([v["price"] for v in new], [i["price"] for i in bought])
    shop.computed(written)
    method = payments.for_difference(request, order, shop, due)
    if order["status"] == "pending":
        shop.expect(method["id"], -due)
    changes = join(
        f"{i['name']} ({items.describe(i['options'])}) for {items.describe(v['options'])}"
        for i, v in zip(bought, new, strict=True)
    )
    delivered = order["status"] == "delivered"
    done = (
        f"The exchange of {changes} is registered. {words.RETURN_MAIL}"
        if delivered
        else f"I have changed order {order['id']}: {changes}."
    )
    made = action(
        "commerce.exchanges.create" if delivered else "commerce.orders.set_items",
        {"order_id": order["id"], "item_ids": [i["item_id"] for i in bought],
         "new_item_ids": [v["item_id"] for v in new], "payment_method_id": method["id"]},
        f"{'Exchange' if delivered else 'Change'} in order {order['id']}: {changes}; "
        f"{_difference(due, method, order)}",
        done,
    )  # fmt: skip
    return {**made, "due": due}


def _difference(due, method, order):
    currency = order["total"].get("currency", "USD")
    if due == 0:
        return f"the price stays the same ({payments.name(method)})."
    if due > 0:
        return f"you pay {money.show(due, currency)} with {payments.label(method)}."
    return f"you get {money.show(-due, currency)} back to {payments.label(method)}."


def set_payment(request, shop):
    actions = []
    for order in finder.orders(request, shop, ("pending",)):
        must_be(order, "pending", "paid another way")
        method = payments.instead(request, order, shop)
        shop.expect(method["id"], -order["total"]["minor"])
        shop.expect(payments.original(order), order["total"]["minor"])
        actions.append(
            action(
                "commerce.orders.set_payment",
                {"order_id": order["id"], "payment_method_id": method["id"]},
                f"Use {payments.label(method)} for order {order['id']} "
                f"({money.amount(order['total'])}); "
                f"what was paid before goes back to {_label(shop, payments.original(order))}.",
                f"Order {order['id']} is now paid with {payments.name(method)}.",
            )
        )
    return actions


def reopen(request, shop):
    """A cancelled order stays cancelled: said clearly, with what can be done instead."""
    for order in finder.orders(request, shop, ("cancelled",)):
        if order["status"] == "cancelled":
            raise Refuse(
                f"Order {order['id']} is cancelled, and a cancelled order cannot be opened again. "
                "You are welcome to place it once more in the shop."
            )
        raise Refuse(f"Order {order['id']} is not cancelled: its status is “{order['status']}”.")


def must_be(order, status, what):
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


def in_order(actions):
    """What changes an order's address or payment comes before what closes it for changes."""
    ranks = {
        "commerce.orders.cancel": 0,
        "commerce.customers.set_address": 0,
        "commerce.orders.set_address": 1,
        "commerce.orders.set_payment": 2,
    }
    return sorted(actions, key=lambda a: ranks.get(a["tool"], 3))
