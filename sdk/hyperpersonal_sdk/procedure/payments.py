"""Which payment method a shopper means, and whether it may be used."""

from hyperpersonal_sdk.procedure import money, words
from hyperpersonal_sdk.procedure.asks import Ask, Refuse
from hyperpersonal_sdk.procedure.text import join


def original(order):
    """The id of the method an order was paid with."""
    paid = [p for p in order["payments"] if p["kind"] == "payment"]
    return paid[0]["payment_method_id"] if paid else ""


def for_refund(request, order, shop, what):
    """A refund goes to the original method or to a gift card of the contact, nowhere else."""
    methods = shop.customer["payment_methods"]
    allowed = [m for m in methods if m["id"] == original(order) or m["kind"] == "gift_card"]
    purpose = f"the refund of the {what} (order {order['id']})"
    return _settle(request, order, (allowed, shop), purpose)


def for_difference(request, order, shop, due_minor):
    """To pay or get back a price difference: any method; a gift card must cover what is due."""
    methods = shop.customer["payment_methods"]
    allowed = [m for m in methods if covers(m, due_minor, shop)]
    return _settle(request, order, (allowed, shop), f"the price difference of order {order['id']}")


def instead(request, order, shop):
    """Another method for a whole pending order."""
    methods = shop.customer["payment_methods"]
    allowed = [
        m
        for m in methods
        if m["id"] != original(order) and covers(m, order["total"]["minor"], shop)
    ]
    return _settle(request, order, (allowed, shop), f"order {order['id']}")


def covers(method, due_minor, shop):
    """A gift card pays up to its balance, with what this plan puts back on it before."""
    if method["kind"] != "gift_card" or not method.get("balance"):
        return True
    return method["balance"]["minor"] + shop.expected.get(method["id"], 0) >= due_minor


def _settle(request, order, allowed_in, purpose):
    allowed, shop = allowed_in
    said = request.get("paid_by", {}).get(order["id"]) or request.get("payment", "")
    fits = _meant(said, order, allowed)
    if len(fits) == 1:
        return fits[0]
    if not said and len(allowed) == 1:
        return allowed[0]
    if not allowed:
        raise Refuse(
            f"No payment method on your account can be used for {purpose}: a gift card has to "
            f"cover all of it, and I see {_why(shop)}."
        )
    question = words.ask_payment(purpose, [label(m) for m in fits or allowed])
    if said and not fits:
        question = f"That one cannot be used for {purpose}. {question}"
    raise Ask("payment", question, order["id"] + request["verb"], order_id=order["id"])


def _why(shop):
    return join(label(m) for m in shop.customer["payment_methods"])


def _meant(said, order, allowed):
    if not said:
        return []
    if said == "original":
        return [m for m in allowed if m["id"] == original(order)]
    if said.startswith("last_four:"):
        return [m for m in allowed if m["label"].endswith(said[10:])]
    if said.startswith("brand:"):
        return [m for m in allowed if said[6:] in m["label"].lower().replace(" ", "")]
    return [m for m in allowed if said in (m["id"], m["kind"])]


def label(method):
    """A method to choose: "your visa ending in 9212", "your gift card ($51.00 left)"."""
    balance = method.get("balance")
    return f"{name(method)} ({money.amount(balance)} left)" if balance else name(method)


def name(method):
    """A method in a sentence: "PayPal", "your visa ending in 9212"."""
    text = method["label"] or method["kind"].replace("_", " ")
    return text if method["kind"] == "paypal" else f"your {text.removeprefix('the ')}"
