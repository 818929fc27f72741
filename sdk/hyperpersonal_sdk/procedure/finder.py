"""Which orders and which items a request is about."""

import re

from hyperpersonal_sdk.procedure import items, values, words
from hyperpersonal_sdk.procedure.asks import Ask, Refuse

_ALL = re.compile(
    r"\b(?:all|every|everything|entire|whole|both|full|complete)\b"
    r"(?!\s+(?:size|refund|else|the\s+other\s+options|other\s+options|the\s+same))", re.I
)
_EXCEPT = re.compile(r"\b(?:except|apart\s+from|other\s+than|but\s+(?:not|keep)|excluding|all\s+but|keep(?:ing)?(?!\s+(?:everything|all|the\s+(?:rest|same|other)|it|them)\b))\b", re.I)
_ALL_ORDERS = re.compile(r"\b(?:all|every|both|any)\s+(?:of\s+)?(?:my\s+|the\s+)?(?:other\s+)?(?:pending\s+|open\s+)?orders?\b", re.I)
_CHEAP, _DEAR = re.compile(r"\b(?:cheap|(?:least|less)\s+expensive)", re.I), re.compile(r"\b(?:most|more)\s+expensive|\bpric(?:ey|ier)", re.I)
_ORDER = re.compile(r"\b(?:order|package|parcel)\b", re.I)
_ALL_THINGS = re.compile(
    r"\beverything\b|\ball\s+(?:of\s+)?(?:the\s+|my\s+)?(?:\w+\s+)?(?:items|things|purchases|stuff)\b", re.I
)
_ORDER_WITH = re.compile(
    r"\border\s+(?:with|containing|including|that\s+(?:has|had|contains|contained|includes|included))\s+([^,.;]{3,60})", re.I
)
_HINTS = (
    ("delivered", re.compile(r"\b(?:received|arrived|delivered|got|came)\b", re.I)),
    ("pending", re.compile(r"\b(?:pending|not\s+(?:yet\s+)?(?:shipped|arrived)|just\s+(?:placed|ordered))\b", re.I)),
)
_TO = re.compile(r"\bto\s*$", re.I)
_WHOLE = re.compile(r"\b(?:order|orders|package|parcel|everything|them|these|items|all)\b", re.I)


def orders(request, shop, statuses):
    """The orders a request names, or the one it can only mean.

    Raises Refuse when none has a fitting status, Ask when several might be meant."""
    named = _named(request, shop)
    if named:
        return named
    mine = [o for o in shop.orders() if o["status"] in statuses]
    words_said = f"{request.get('before', '')} {request['text']}"
    tail = values.ORDER_TAIL.search(words_said)
    if tail:
        mine = [o for o in mine if o["id"].endswith(tail.group(1))]
    if mine and (_ALL_ORDERS.search(request["text"]) or _all_things(request)):
        return mine
    fits = _holding(request, mine) or _holding(request, shop.orders()) or mine
    if not fits:
        raise Refuse(f"I found no {_either(statuses)} order on your account.")
    if len(fits) == 1:
        return fits
    raise _ask_order(request, fits)


def _all_things(request):
    """ "Return everything I have received": all orders, unless one order is spoken of."""
    said = request["text"]
    return request["verb"] == "return" and _ALL_THINGS.search(said) and not _ORDER.search(said)


def _named(request, shop):
    """The named orders; one that is not the contact's is told, and asked again."""
    found = []
    for name in request["orders"]:
        order = shop.order(name) or (None if name.startswith("#W") else shop.order("#W" + name[1:]))
        if order is None:
            raise Ask("order", f"I cannot find {name} on your account. " + words.ask_order([]), name)
        found.append(order)
    return found


def _ask_order(request, fits):
    if request.get("no_order"):
        return Refuse("Without the number I cannot tell which of your orders you mean.")
    return Ask("order", words.ask_order([o["id"] for o in fits][-6:]), request["verb"])


def _holding(request, among):
    """The orders that hold what the request names."""
    names = {item["name"] for order in among for item in order["items"]}
    for said in (request["text"], request.get("before", "")):
        spoken = {name for _, name in items.mentions(said, names)}
        if spoken:
            found = [o for o in among if spoken & {i["name"] for i in o["items"]}]
            whole = [o for o in found if spoken <= {i["name"] for i in o["items"]}]
            return whole or found
    return []


def _either(statuses):
    return " or ".join(statuses)


def picked(request, shop, statuses):
    """[(order, [items])] a request is about, the items as bought.

    Raises Ask or Refuse like `orders`, and Ask when the items are not clear."""
    scope = _scope(request, shop, statuses)
    named = _spoken(request, scope)
    if not named and request["orders"]:
        elsewhere = [o for o in shop.orders() if o["status"] in statuses]
        named = _spoken(request, elsewhere)
    if named:
        return _grouped(request, named, shop)
    chosen = _whole_orders(request, shop, statuses, scope)
    return [(order, _without_kept(request, order["items"])) for order in chosen]


def _scope(request, shop, statuses):
    named = _named(request, shop)
    if named:
        return named
    mine = [o for o in shop.orders() if o["status"] in statuses]
    tail = values.ORDER_TAIL.search(request["text"])
    if tail:
        return [o for o in mine if o["id"].endswith(tail.group(1))]
    described = _ORDER_WITH.search(request["text"])
    if described:
        return _holding({"text": described.group(1)}, mine) or mine
    return mine


def _whole_orders(request, shop, statuses, scope):
    """No item is named: all of an order, if the words or its size leave no doubt."""
    found = orders(request, shop, statuses) if not request["orders"] else scope
    for order in found:
        single = len(order["items"]) == 1
        if not (single or _ALL.search(request["text"]) or _WHOLE.search(request["text"])):
            names = [item["name"] for item in order["items"]]
            raise Ask("item", words.ask_item(order["id"], names), order["id"])
    return found


def _spoken(request, scope):
    """[(order, name)] of what the words name, in the orders looked at."""
    names = {item["name"] for order in scope for item in order["items"]}
    for said in (_ORDER_WITH.sub("order", request["text"]), request.get("before", "")):
        kept = _EXCEPT.search(said)
        if kept and _ALL.search(said):
            return []
        spoken = []
        for _, name in items.mentions(said[: kept.start()] if kept else said, names):
            if name not in spoken:
                spoken.append(name)
        if spoken:
            return [(o, n) for n in spoken for o in scope if any(i["name"] == n for i in o["items"])]
    return []


def _without_kept(request, bought):
    said = request["text"]
    kept = _EXCEPT.search(said)
    if not kept:
        return list(bought)
    names = {name for _, name in items.mentions(said[kept.end() :], {i["name"] for i in bought})}
    return [item for item in bought if item["name"] not in names]


def _grouped(request, named, shop):
    """Items by order; one name found in several orders must be settled first."""
    groups, places = {}, {}
    for order, name in named:
        places.setdefault(name, []).append(order)
    whole = [o for o, _ in named if all(o in found for found in places.values())]
    for name, found in places.items():
        if len(found) > 1 and not request["orders"]:
            found = _by_status(request, found)
        if len(found) > 1 and not request["orders"]:
            found = _by_options(request, name, found) or [o for o in found if o in whole]
        if len(found) > 1 and not request["orders"] and not _ALL.search(request["text"]):
            raise _ask_order(request, found)
        for order in found:
            groups.setdefault(order["id"], (order, []))[1].extend(_which(request, order, name))
    return list(groups.values())


def _by_status(request, found):
    """ "The boots I received" are of a delivered order, "my pending order" is pending."""
    said = f"{request.get('before', '')} {request['text']}"
    for status, pattern in _HINTS:
        fits = [o for o in found if o["status"] == status]
        if fits and pattern.search(said):
            return fits
    return found


def _by_options(request, name, found):
    """Of orders that hold the same product, the ones whose item has the options said."""
    same = [i for o in found for i in o["items"] if i["name"] == name]
    words_said = f"{request.get('before', '')} {request['text']}"
    said = items.options_in(items.source(words_said, request["verb"]), same)
    fits = [o for o in found if any(i["name"] == name and _has(i, said) for i in o["items"])]
    return fits if said and len(fits) == 1 else None


def _has(item, options):
    return all(v is None or item["options"].get(k) == v for k, v in options.items())


def _quoted(said, same):
    """The items whose options are written out, each once for each time they are."""
    left, exact = list(same), []
    for start, _, options in values.mappings(said):
        found = [i for i in left if i["options"] == options]
        if found and not _TO.search(said[:start]):
            left.remove(found[0])
            exact.append(found[0])
    return exact


def _which(request, order, name):
    """Of several items with one name in an order, the ones meant."""
    same = [i for i in order["items"] if i["name"] == name]
    if len(same) == 1:
        return same
    said = request["text"]
    exact = _quoted(said, same)
    if exact:
        return exact
    described = items.options_in(items.source(said, request["verb"]), same)
    fits = [i for i in same if described and _has(i, described)]
    if fits and len(fits) < len(same):
        return fits
    if _ALL.search(said) or re.search(rf"\b(?:two|three|{len(same)})\b", said):
        return same
    if _CHEAP.search(said) or _DEAR.search(said):
        pick = min if _CHEAP.search(said) else max
        return [pick(same, key=lambda i: i["price"]["minor"])]
    if all(i["item_id"] == same[0]["item_id"] for i in same):
        return same[:1]
    described = [f"{name} ({items.describe(i['options'])})" for i in same]
    raise Ask("item", words.ask_item(order["id"], described), order["id"] + name)


def settle(request, found):
    """One of several (order, items): a question."""
    raise _ask_order(request, [order for order, _ in found])
