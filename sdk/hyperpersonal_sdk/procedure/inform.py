"""What a shopper only wants to know of their orders, said with the shop's own words and figures."""

from hyperpersonal_sdk.procedure import finder, items, money, payments
from hyperpersonal_sdk.procedure.text import join

SHOWN_MAX = 5


def status(request, case):
    """Where the orders meant stand: status, parcels, tracking, what was done last."""
    found = _orders(request, case)
    return (
        " ".join(_status(order) for order in found[-SHOWN_MAX:])
        or "I see no order on your account."
    )


def _orders(request, case):
    """The orders named, the one that holds what is named, or all that are still on their way."""
    if request["orders"]:
        return finder.orders(request, case.shop, ())
    mine = case.shop.orders()
    names = {item["name"] for order in mine for item in order["items"]}
    spoken = {name for _, name in items.mentions(request["text"], names)}
    held = [o for o in mine if spoken & {i["name"] for i in o["items"]}]
    moving = [o for o in mine if o["status"] not in ("delivered", "cancelled")]
    return held or moving or mine[-1:]


def _status(order):
    names = join(i["name"] for i in order["items"])
    text = f"Order {order['id']} ({names}) has the status \u201c{order['status']}\u201d"
    tracking = [t for parcel in order["fulfilments"] for t in parcel["tracking_ids"]]
    if tracking:
        text += f", tracking number {join(tracking)}"
    if order.get("delivered_at"):
        text += f", delivered on {order['delivered_at'][:10]}"
    elif order.get("placed_at"):
        text += f", placed on {order['placed_at'][:10]}"
    note = f" {order['note']}" if order.get("note") else ""
    return f"{text}.{note}"


def refund_status(request, case):
    """The refunds the shop knows of, or that it knows of none."""
    named = finder.orders(request, case.shop, ()) if request["orders"] else case.shop.orders()
    lines = [line for order in named for line in _refunds(order, case)]
    if lines:
        return " ".join(lines[:SHOWN_MAX])
    return f"I see no refund for {join(o['id'] for o in named[-SHOWN_MAX:])} so far."


def _refunds(order, case):
    for payment in order["payments"]:
        if payment["kind"] == "refund":
            yield (
                f"For order {order['id']}, {money.amount(payment['amount'])} went back to "
                f"{_label(case, payment['payment_method_id'])}."
            )
    if order["status"] in ("return requested", "exchange requested"):
        text = f"Order {order['id']} has the status \u201c{order['status']}\u201d."
        yield f"{text} {order.get('note', '')}".strip()


def charges(request, case):
    """Every payment and refund of the orders meant."""
    found = _charged(request, case)
    return " ".join(_charges(order, case) for order in found[-SHOWN_MAX:])


def _charged(request, case):
    if request["orders"]:
        return finder.orders(request, case.shop, ())
    return case.shop.orders()


def _charges(order, case):
    parts = [
        f"{'paid' if p['kind'] == 'payment' else 'refunded'} {money.amount(p['amount'])} "
        f"({_label(case, p['payment_method_id'])})"
        for p in order["payments"]
    ]
    return f"Order {order['id']}: {join(parts)}."


def invoice(request, case):
    """The figures of an order's bill: items, prices, total, how it was paid."""
    found = _charged(request, case)[-1:]
    return " ".join(_invoice(order, case) for order in found) or "I see no order on your account."


def _invoice(order, case):
    listed = join(f"{i['name']} {money.amount(i['price'])}" for i in order["items"])
    paid = _label(case, payments.original(order))
    return (
        f"Order {order['id']}: {listed}; {money.amount(order['total'])} in all, paid with {paid}."
    )


def payment_methods(request, case):
    """The methods on the contact's own account."""
    methods = case.shop.customer["payment_methods"]
    return f"On your account I see: {join(payments.label(m) for m in methods)}."


def _label(case, payment_method_id):
    method = case.shop.method(payment_method_id)
    return payments.name(method) if method else "another method"
