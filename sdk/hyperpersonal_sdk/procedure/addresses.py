"""Where an order goes, and where a contact lives: reading the new address and setting it."""

import re

from hyperpersonal_sdk.procedure import finder, words
from hyperpersonal_sdk.procedure.actions import action, must_be
from hyperpersonal_sdk.procedure.asks import Ask, Refuse
from hyperpersonal_sdk.procedure.text import join, show_address

_SAME_AS_ORDER = re.compile(r"\bsame\s+(?:\w+\s+){0,2}as\s+(?:my|the|that)\b[^.;]*", re.I)
_NOT_THERE = re.compile(r"\b(?:instead\s+of|rather\s+than|not)\b[^.,;]*", re.I)
_OF_ORDER = re.compile(
    r"\b(?:address|place|one|same\s+as)\b[^.;]{0,30}?\b(?:of|from|on|in|as|for|with|like)\b"
    r"\s+((?:my|the|that|order)\b[^.;]{0,60})",
    re.I,
)


def set_address(request, shop):
    actions, there = [], []
    for order in finder.orders(_target(request), shop, ("pending",)):
        must_be(order, "pending", "sent to another address")
        place = _where(request, shop, f"order {order['id']}", order["id"])
        if order["address"] == place and order["id"] not in request["orders"]:
            there.append(order["id"])
            continue
        actions.append(
            action(
                "commerce.orders.set_address",
                {"order_id": order["id"], "address": place},
                f"Send order {order['id']} to {show_address(place)}.",
                f"Order {order['id']} will now go to {show_address(place)}.",
            )
        )
    if there and not actions:
        raise Refuse(f"Order {join(there)} goes to that address already.")
    return actions


def profile_address(request, shop):
    place = _where(request, shop, "your account")
    return [
        action(
            "commerce.customers.set_address",
            {"customer_id": shop.customer_id, "address": place},
            f"Set the default address of your account to {show_address(place)}.",
            f"The default address of your account is now {show_address(place)}.",
        )
    ]


def _target(request):
    """The request without the words on the order whose address is to be taken."""
    own = request.get("own", request["text"])
    cut = {key: _SAME_AS_ORDER.sub(" ", said) for key, said in
           (("text", request["text"]), ("own", own))}  # fmt: skip
    return {**request, **cut}


def _where(request, shop, what, order_id=""):
    """The address meant: written out, that of another order, of the profile, or of a known city."""
    if request.get("address"):
        return request["address"]
    if request.get("same_as"):
        other = shop.order(request["same_as"])
        if other:
            return other["address"]
    if request.get("to_default"):
        return shop.customer["address"]
    described = _of_order(request, shop, order_id)
    if described:
        return described["address"]
    known = {tuple(sorted(a.items())): a for a in _known_addresses(shop)}
    said = _NOT_THERE.sub(" ", f"{request.get('before', '')} {request['text']}").lower()
    fits = [a for a in known.values() if a["city"].lower() in said or a["address1"].lower() in said]
    if len(fits) == 1:
        return fits[0]
    raise Ask("address", words.ask_address(what), what)


def _of_order(request, shop, order_id):
    """The order whose address is meant: "the address of my delivered order", "the same as the
    order with the lamp"."""
    match = _OF_ORDER.search(request["text"])
    if not match:
        return None
    said = match.group(1)
    others = [o for o in shop.orders() if o["id"] not in (order_id, *request["orders"])]
    fits = finder.holding({"text": said}, others)
    fits = fits or [o for o in others if o["status"].split()[0] in said.lower()]
    places = {show_address(o["address"]) for o in fits}
    return fits[0] if len(places) == 1 else None


def _known_addresses(shop):
    return [shop.customer["address"], *(o["address"] for o in shop.orders())]
