"""Which items of which orders a request is about."""

import re

from hyperpersonal_sdk.procedure import finder, items, listed, values, words
from hyperpersonal_sdk.procedure.asks import Ask, Refuse

_EXCEPT = re.compile(
    r"\b(?:except|apart\s+from|other\s+than|but\s+(?:not|keep)|excluding|all\s+but"
    r"|keep(?:ing)?(?!\s+(?:everything|all|the\s+(?:rest|same|other)|it|them)\b))\b",
    re.I,
)
_KEPT = re.compile(r"\bkeep(?:ing)?\s+[^,.;]*", re.I)
_CHEAP, _DEAR = (
    re.compile(r"\b(?:cheap|(?:least|less)\s+expensive)", re.I),
    re.compile(r"\b(?:most|more)\s+expensive|\bpric(?:ey|ier)", re.I),
)
_THING = r"\s+(?:\w+\s+)?(?:item|thing|one|product|article|piece)\b"
_CHEAP_ONE = re.compile(rf"\b(?:cheapest|cheaper|least\s+expensive){_THING}", re.I)
_DEAR_ONE = re.compile(rf"\b(?:m(?:ost|ore)\s+expensive|pric(?:ier|iest)|dearest){_THING}", re.I)
_IT_AND = re.compile(
    r"\b(?:it|them|that|those)(?:\s+back)?\b,?\s+(?:and\s+also|and|also|as\s+well\s+as"
    r"|along\s+with|together\s+with|plus)\s+"
    r"(?:the|my|both)\b",
    re.I,
)
_GOES = re.compile(r"\b(?:return|exchang|swap|replac|chang|modif|send|giv|tak)\w*\b", re.I)
_ONE_OF = re.compile(r"\b(?:just\s+)?one\s+of\s+(?:the|my|them|those|these)\b", re.I)
_HINTS = (
    ("delivered", re.compile(r"\b(?:received|arrived|delivered|got|came)\b", re.I)),
    (
        "pending",
        re.compile(
            r"\b(?:pending|not\s+(?:yet\s+)?(?:shipped|arrived)|just\s+(?:placed|ordered))\b", re.I
        ),
    ),
)
_TO = re.compile(r"\bto\s*$", re.I)
_WHOLE = re.compile(r"\b(?:order|orders|package|parcel|everything|items|all)\b", re.I)
_ALL = re.compile(
    r"\b(?:all|every|everything|entire|whole|both|full|complete)\b"
    r"(?!\s+(?:size|refund|else|the\s+other\s+options|other\s+options|the\s+same))",
    re.I,
)
_ORDER_WITH = re.compile(
    r"\border\s+(?:with|containing|including|(?:that|which)\s+(?:has|had|contains|contained"
    r"|includes|included))\s+([^,.;]{3,60})",
    re.I,
)


def picked(request, shop, statuses):
    """[(order, [items])] a request is about, the items as bought.

    Raises Ask or Refuse like `finder.orders`, and Ask when the items are not clear."""
    scope = _scope(request, shop, statuses)
    named = _spoken(request, scope)
    if not named and request["orders"]:
        elsewhere = [o for o in shop.orders() if o["status"] in statuses]
        named = _spoken(request, elsewhere)
    elif not named:
        named = _spoken(request, shop.orders())
    if named:
        found = _grouped(request, named)
        if request["verb"] == "return":
            _add_unnamed(request, scope, found)
            if not items.mentions(request.get("own", ""), {name for _, name in named}):
                found = [(order, _extreme(request, bought)) for order, bought in found]
    else:
        chosen = _whole_orders(request, shop, statuses, scope)
        found = [(order, _extreme(request, _without_kept(request, order["items"])))
                 for order in chosen]  # fmt: skip
    return _left(request, found)


def _add_unnamed(request, scope, found):
    """Things listed without their name go with the others if what is said of them fits one item;
    one that fits none is asked about, because a return is made once."""
    names = {item["name"] for _, bought in found for item in bought}
    for what in listed.unnamed(request, names):
        fits = [
            (o, i)
            for o in scope
            for i in o["items"]
            if (said := items.options_in(what, [i])) and _has(i, said)
        ]
        if len({i["item_id"] for _, i in fits}) != 1:
            order = found[0][0]
            raise Ask("item", words.ask_item(order["id"], [i["name"] for i in order["items"]]),
                      order["id"])  # fmt: skip
        for order, bought in found:
            if order is fits[0][0] and fits[0][1] not in bought:
                bought.append(fits[0][1])


def _extreme(request, bought):
    """The cheapest or dearest item when just that one is spoken of."""
    said = request.get("own", request["text"])
    pick = min if _CHEAP_ONE.search(said) else max if _DEAR_ONE.search(said) else None
    return [pick(bought, key=lambda i: i["price"]["minor"])] if pick and bought else bought


def _left(request, found):
    """Without what the shopper said later that they keep."""
    if not request.get("kept"):
        return found
    left = [(order, _without(request["kept"], bought)) for order, bought in found]
    left = [(order, bought) for order, bought in left if bought]
    if not left:
        raise Refuse("All right, you keep that.")
    return left


def _scope(request, shop, statuses):
    named = finder.named(request, shop)
    if named:
        return named
    mine = [o for o in shop.orders() if o["status"] in statuses]
    tail = values.ORDER_TAIL.search(request["text"])
    if tail:
        return [o for o in mine if o["id"].endswith(tail.group(1))]
    described = _ORDER_WITH.search(request["text"])
    if described:
        return finder.holding({"text": described.group(1)}, mine) or mine
    return mine


def _whole_orders(request, shop, statuses, scope):
    """No item is named: all of an order, if the words or its size leave no doubt."""
    found = finder.orders(request, shop, statuses) if not request["orders"] else scope
    for order in found:
        single = len(order["items"]) == 1
        said = request.get("own", request["text"])
        whole = _ALL.search(request["text"]) or _WHOLE.search(said)
        if not (single or whole or _DEAR_ONE.search(said) or _CHEAP_ONE.search(said)):
            names = [item["name"] for item in order["items"]]
            raise Ask("item", words.ask_item(order["id"], names), order["id"])
    return found


def _spoken(request, scope):
    """[(order, name)] of what the words name, in the orders looked at."""
    names = {item["name"] for order in scope for item in order["items"]}
    for words_said in (_ORDER_WITH.sub("order", request["text"]), request.get("before", "")):
        said, kept = words_said, _EXCEPT.search(words_said)
        if kept and _ALL.search(said):
            return []
        if kept and kept.group().lower().startswith("keep"):
            said, kept = _KEPT.sub(" ", said), None
        listed = said[: kept.start()] if kept else said
        if said and _IT_AND.search(listed):
            listed = f"{request.get('before', '')} {listed}"
        spoken = list(dict.fromkeys(name for _, name in items.mentions(listed, names)))
        if spoken:
            return [
                (o, n) for n in spoken for o in scope if any(i["name"] == n for i in o["items"])
            ]
    return []


def _without_kept(request, bought):
    kept = _EXCEPT.search(request["text"])
    if not kept:
        return list(bought)
    return _without(request["text"][kept.end() :], bought)


def _without(said, bought):
    """The items whose names are not said."""
    names = {name for _, name in items.mentions(said, {i["name"] for i in bought})}
    return [item for item in bought if item["name"] not in names]


def _grouped(request, named):
    """Items by order; one name found in several orders must be settled first."""
    groups, places = {}, {}
    for order, name in named:
        places.setdefault(name, []).append(order)
    whole = [o for o, _ in named if all(o in found for found in places.values())]
    for name, found in places.items():
        for order in _one_place(request, name, found, whole):
            groups.setdefault(order["id"], (order, []))[1].extend(_which(request, order, name))
    return list(groups.values())


def _one_place(request, name, found, whole):
    """The order meant of those that hold the product: the named ones, or by status, by options,
    or the one that holds all that is named."""
    if request["orders"]:
        return found
    fits = _by_status(request, found)
    if len(fits) > 1:
        fits = _by_options(request, name, fits) or [o for o in fits if o in whole] or fits
    if len(fits) > 1 and not _ALL.search(request["text"]):
        raise finder.ask_order(request, fits)
    return fits


def _by_status(request, found):
    """Prefer by status: "the boots I received" are delivered, "my pending order" is pending."""
    said = f"{request.get('before', '')} {request['text']}"
    for status, pattern in _HINTS:
        fits = [o for o in found if o["status"] == status]
        if fits and pattern.search(said):
            return fits
    return found


def _by_options(request, name, found):
    """Of orders that hold the same product, the ones whose item has the options said."""
    same = [i for o in found for i in o["items"] if i["name"] == name]
    own = items.options_in(items.source(request["text"], request["verb"]), same)
    words_said = f"{request.get('before', '')} {request['text']}"
    said = own or items.options_in(items.source(words_said, request["verb"]), same)
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


def _wish(said):
    """The words from the verb on, as far as they say what goes and not what stays."""
    verb = _GOES.search(said)
    wish = said[verb.start() :] if verb else said
    kept = _EXCEPT.search(wish)
    return wish[: kept.start()] if kept else wish


def _which(request, order, name):
    """Of several items with one name in an order, the ones meant."""
    same = [i for i in order["items"] if i["name"] == name]
    if len(same) == 1:
        return same
    said = request["text"]
    exact = _quoted(said, same)
    if exact:
        return exact
    wish = _wish(said)
    described = items.options_in(wish, same) or items.options_in(
        items.source(said, request["verb"]), same
    )
    fits = [i for i in same if described and _has(i, described)]
    if fits and len(fits) < len(same):
        return fits
    return _of_alike(said, wish, order, same)


def _of_alike(said, wish, order, same):
    """Of several items that no word tells apart: all, one of them, the cheapest or dearest."""
    alike = all(i["item_id"] == same[0]["item_id"] for i in same)
    one = _ONE_OF.search(said)
    if one and alike:
        return same[:1]
    several = re.search(rf"\b(?:two|three|{len(same)})\b", wish) and not one
    if _ALL.search(said) or several:
        return same
    if _CHEAP.search(said) or _DEAR.search(said):
        pick = min if _CHEAP.search(said) else max
        return [pick(same, key=lambda i: i["price"]["minor"])]
    if alike:
        return same[:1]
    described = [f"{i['name']} ({items.describe(i['options'])})" for i in same]
    raise Ask("item", words.ask_item(order["id"], described), order["id"] + same[0]["name"])
