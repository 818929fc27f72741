"""Which orders a request is about."""

import re

from hyperpersonal_sdk.procedure import items, values, words
from hyperpersonal_sdk.procedure.asks import Ask, Refuse

_ALL_ORDERS = re.compile(
    r"\b(?:all|every|both|any)\s+(?:of\s+)?(?:my\s+|the\s+)?(?:other\s+)?(?:pending\s+"
    r"|open\s+)?orders?\b",
    re.I,
)
_ORDER = re.compile(r"\b(?:order|package|parcel)\b", re.I)
_ALL_THINGS = re.compile(
    r"\beverything\b|\ball\s+(?:of\s+)?(?:the\s+|my\s+)?(?:\w+\s+)?(?:items|things|purchases"
    r"|stuff)\b",
    re.I,
)


def orders(request, shop, statuses):
    """The orders a request names, or the one it can only mean.

    Raises Refuse when none has a fitting status, Ask when several might be meant."""
    found = named(request, shop)
    if found:
        return found
    mine = [o for o in shop.orders() if o["status"] in statuses]
    words_said = f"{request.get('before', '')} {request['text']}"
    tail = values.ORDER_TAIL.search(words_said)
    if tail:
        mine = [o for o in mine if o["id"].endswith(tail.group(1))]
    if mine and (_ALL_ORDERS.search(request["text"]) or _all_things(request)):
        return mine
    fits = holding(request, mine) or holding(request, shop.orders()) or mine
    if not fits:
        raise Refuse(f"I found no {' or '.join(statuses)} order on your account.")
    if len(fits) == 1:
        return fits
    raise ask_order(request, fits)


def _all_things(request):
    """For "return everything I have received": all orders, unless one order is spoken of."""
    said = request["text"]
    return request["verb"] == "return" and _ALL_THINGS.search(said) and not _ORDER.search(said)


def named(request, shop):
    """The named orders; one that is not the contact's is told, and asked again."""
    found = []
    for name in request["orders"]:
        order = shop.order(name) or (None if name.startswith("#W") else shop.order("#W" + name[1:]))
        if order is None:
            raise Ask(
                "order", f"I cannot find {name} on your account. " + words.ask_order([]), name
            )
        found.append(order)
    return found


def ask_order(request, fits):
    if request.get("no_order"):
        return Refuse("Without the number I cannot tell which of your orders you mean.")
    return Ask("order", words.ask_order([o["id"] for o in fits][-6:]), request["verb"])


def holding(request, among):
    """The orders that hold what the request names."""
    names = {item["name"] for order in among for item in order["items"]}
    for said in (request["text"], request.get("before", "")):
        spoken = {name for _, name in items.mentions(said, names)}
        if spoken:
            found = [o for o in among if spoken & {i["name"] for i in o["items"]}]
            whole = [o for o in found if spoken <= {i["name"] for i in o["items"]}]
            return whole or found
    return []
