"""Which orders a request is about."""

import re

from hyperpersonal_sdk.procedure import items, payments, values, words
from hyperpersonal_sdk.procedure.asks import Ask, Refuse

_ALL_ORDERS = re.compile(
    r"\b(?:all|every|both|any)\s+(?:of\s+)?(?:my\s+|the\s+)?(?:other\s+)?(?:pending\s+"
    r"|open\s+)?orders?\b",
    re.I,
)
_EXCEPT = re.compile(r"\b(?:except|but\s+not|apart\s+from|other\s+than|all\s+but)\b.*", re.I)
_PAID = re.compile(r"\borders?\b[^.;]{0,30}\bpaid\b[^.;]{0,40}", re.I)
_EXTREME = re.compile(
    r"\b(cheapest|least expensive|smallest|most expensive|biggest|largest|dearest)\b\s+"
    r"(?:(?:pending|open)\s+)?(?:orders?\b|of\s+(?:them|these|those|my\s+(?:\w+\s+)?orders))",
    re.I,
)
_PLACE = re.compile(r"\b(?:[Mm]y|[Tt]he)\s+([A-Z]\w+(?:\s[A-Z]\w+)?)\s+(?:order|package|parcel)\b")
_LOOK = re.compile(r"\bthe\s+((?:[\w-]+\s+){1,3})one\b", re.I)
_NUMBERS = {"two": 2, "2": 2, "three": 3, "3": 3, "four": 4, "4": 4}
_SO_MANY = re.compile(
    r"\b(?:the|my|these|those)\s+(two|three|four|[234])\s+(?:\w+\s+)?orders\b", re.I
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
        return [*found, *_named_by_items(request, shop, statuses, found)]
    mine = [o for o in shop.orders() if o["status"] in statuses]
    words_said = f"{request.get('before', '')} {request['text']}"
    tail = values.ORDER_TAIL.search(words_said)
    if tail:
        mine = [o for o in mine if o["id"].endswith(tail.group(1))]
    mine = _spared(request, _paid_with(words_said, mine, shop))
    one = _extreme(request["text"], mine)
    if one:
        return [one]
    count = _SO_MANY.search(request["text"])
    if count and len(mine) == _NUMBERS[count.group(1).lower()]:
        return mine
    if mine and (_ALL_ORDERS.search(request["text"]) or _all_things(request)):
        return mine
    fits = _by_place(request, mine) or holding(request, mine) or _by_look(request, mine)
    fits = fits or holding(request, shop.orders()) or mine
    if not fits:
        raise Refuse(f"I found no {' or '.join(statuses)} order on your account.")
    if len(fits) == 1 or _each_by_an_item(request, fits):
        return fits
    raise ask_order(request, fits)


def _paid_with(said, mine, shop):
    """Those paid the way that is said: "the order I paid with the gift card"."""
    match = _PAID.search(said)
    kind = values.payment(match.group()) if match else ""
    fits = [o for o in mine if kind and kind in _kinds(payments.original(o), shop)]
    return fits or mine


def _kinds(payment_method_id, shop):
    method = shop.method(payment_method_id) or {"kind": "", "label": ""}
    return (
        method["kind"],
        "brand:" + method["label"].split()[0].lower() if method["label"] else "",
    )


def _extreme(said, mine):
    """The cheapest or dearest of several orders, when that is what is said."""
    match = _EXTREME.search(said)
    if not match or len(mine) < 2:
        return None
    pick = min if match.group(1).lower() in ("cheapest", "least expensive", "smallest") else max
    return pick(mine, key=lambda o: o["total"]["minor"])


def _spared(request, mine):
    """Without the orders the shopper leaves out: by number, or by what they hold."""
    mine = [o for o in mine if o["id"] not in request.get("not_orders", [])]
    left_out = _EXCEPT.search(request["text"])
    if left_out and not request.get("not_orders"):
        spared = holding({"text": left_out.group()}, mine)
        return [o for o in mine if o not in spared]
    return mine


def _named_by_items(request, shop, statuses, found):
    """More orders, when beside the numbers a product is named that only one other order holds."""
    if request["verb"] != "cancel" or any(_spoken(request, [o]) for o in found):
        return []
    others = [o for o in shop.orders() if o["status"] in statuses and o not in found]
    more = holding({"text": request.get("own", "")}, others)
    return more if len(more) == 1 else []


def _by_place(request, mine):
    """The orders that go where it is said: "my Phoenix order"."""
    said = _PLACE.search(request["text"])
    return [o for o in mine if said and o["address"]["city"].lower() == said.group(1).lower()]


def _by_look(request, mine):
    """The one order with an item that looks as said: "cancel the blue one"."""
    look = _LOOK.search(request.get("own", ""))
    if not look:
        return []
    fits = [o for o in mine if any(_looks(look.group(1), item) for item in o["items"])]
    return fits if len(fits) == 1 else []


def _looks(said, item):
    found = items.options_in(said, [item])
    return any(value is not None for value in found.values())


def _each_by_an_item(request, fits):
    """Every one is meant: each is named by a product that no other holds."""
    spoken = [_spoken(request, [order]) for order in fits]
    alone = sum(len(names) for names in spoken) == len(set().union(*spoken))
    return request["verb"] == "cancel" and all(spoken) and alone


def _spoken(request, among):
    names = {item["name"] for order in among for item in order["items"]}
    return {name for _, name in items.mentions(request["text"], names)}


def _all_things(request):
    """For "return everything I have received": all orders, unless one order is spoken of."""
    said = request["text"]
    return request["verb"] == "return" and _ALL_THINGS.search(said) and not _ORDER.search(said)


def named(request, shop):
    """The named orders; one that is not the contact's is told, and asked again."""
    found = []
    for name in request["orders"]:
        order = shop.order(name) or (None if name.startswith("#W") else shop.order("#W" + name[1:]))
        order = order or _instead_of(name, request, shop)
        if order["id"] not in [o["id"] for o in found]:
            found.append(order)
    return found


def _instead_of(name, request, shop):
    """A number that is not the contact's: the one order that holds all that is named, else the
    question for the number."""
    fits = holding(request, shop.orders())
    if len(fits) == 1 and _spoken(request, fits):
        request["orders"] = [fits[0]["id"] if n == name else n for n in request["orders"]]
        request["mistaken"] = f"I cannot find {name}, but your order {fits[0]['id']} has that."
        return fits[0]
    known = [o["id"] for o in shop.orders()][-6:]
    raise Ask("order", f"I cannot find {name} on your account. " + words.ask_order(known), name)


def ask_order(request, fits):
    if request.get("no_order"):
        return Refuse("Without the number I cannot tell which of your orders you mean.")
    return Ask("order", words.ask_order([o["id"] for o in fits][-6:]), request["verb"])


def holding(request, among):
    """The orders that hold what the request names."""
    names = {item["name"] for order in among for item in order["items"]}
    said = (request.get("own", request["text"]), request["text"], request.get("before", ""))
    own, text, before = (_with_items(part, names, among) for part in said)
    if not own and text and before and text != before:
        return []  # what was said before and after speak of different orders
    return text or before


def _with_items(said, names, among):
    spoken = {name for _, name in items.mentions(said, names)}
    found = [o for o in among if spoken & {i["name"] for i in o["items"]}]
    whole = [o for o in found if spoken <= {i["name"] for i in o["items"]}]
    return whole or found
