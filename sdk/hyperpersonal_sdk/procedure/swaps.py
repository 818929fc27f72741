"""Which variant a shopper wants instead of a bought item."""

import itertools
import re

from hyperpersonal_sdk.procedure import items, money, values, words
from hyperpersonal_sdk.procedure.asks import Ask, Refuse

OFFERS_MAX = 8
_BREAK = re.compile(r"(?<!\d)[.;!?]\s|\n")
_CHEAPEST = re.compile(r"\b(?:the\s+)?cheapest\b|\bleast\s+expensive\b", re.I)
_UNDECIDED = re.compile(
    r"\b(?:if(?!\s+there\s+are\s+(?:several|more|many))|unless|otherwise|but)\b"
)
_DEAREST = re.compile(r"\bmost\s+expensive\b", re.I)


def new_item(request, order, bought, shop):
    """The variant to put in place of `bought`, an item of `order`.

    Raises Ask when the words leave more than one, Refuse when there is none to have."""
    product = shop.product(bought["product_id"])
    if product is None:
        raise Refuse(f"I cannot find the {bought['name']} in the shop any more.")
    answer = request.get("variants", {}).get(bought["item_id"])
    if answer:
        found = _answered(answer, product, bought)
        if found:
            return found
    else:
        found = _written(request, product, bought) or _described(request, order, product, bought)
        if found:
            return found
    raise _ask(request, order, bought, product)


def _answered(answer, product, bought):
    """An answer to "which variant": its options, the rest as bought, or the only one that fits."""
    variants = product["variants"]
    wanted = _mapped(answer, variants) or items.stated(answer, variants)
    wanted = wanted or items.options_in(answer, product["variants"])
    if not wanted:
        return None
    fits = items.narrow(wanted, product["variants"])
    if len(fits) == 1:
        return fits[0]
    return items.choose(wanted, product["variants"], bought["options"])


def _mapped(text, variants):
    """The first braced options of a text that are options of this product."""
    keys = set(variants[0]["options"]) if variants else set()
    for _, _, options in values.mappings(text):
        if options and set(options) <= keys:
            return options
    return None


def _written(request, product, bought):
    """As in "Name {old} to {new}": exact words of what is and what shall be."""
    said = request["text"]
    maps = values.mappings(said)
    for (_, end, old), (start, _, new) in itertools.pairwise(maps):
        between = said[end:start].strip().lower()
        if old == bought["options"] and between in ("to", "to to", "for", "with", "into"):
            return items.choose(new, product["variants"], bought["options"])
    return None


def _described(request, order, product, bought):
    """A wish in words: taken only if it names options, compares nothing and leaves one variant."""
    wish = _wish(request, order, bought)
    wanted = items.options_in(items.target(wish), product["variants"])
    wanted = {k: v for k, v in wanted.items() if v != bought["options"].get(k)}
    extreme = min if _CHEAPEST.search(wish) else max if _DEAREST.search(wish) else None
    if extreme and not _UNDECIDED.search(wish):
        fits = items.narrow(wanted, product["variants"])
        return extreme(fits, key=lambda v: v["price"]["minor"]) if fits else None
    if not wanted or None in wanted.values() or items.is_vague(wish):
        return None
    return items.choose(wanted, product["variants"], bought["options"])


def _wish(request, order, bought):
    """The part of the words that speaks of this item."""
    names = {item["name"] for item in order["items"]}
    said = items.same(f"{request.get('before', '')} {request['text']}")
    current, mine = None, []
    for piece in _pieces(said, names):
        spoken = [name for _, name in items.mentions(piece, names)]
        current = spoken[0] if spoken else current
        if current == bought["name"]:
            mine.append(piece)
    return " ".join(mine) or items.same(request["text"])


def _pieces(said, names):
    """Sentences, cut again where a second product begins."""
    for sentence in _BREAK.split(said):
        start, last = 0, None
        for at, name in items.mentions(sentence, names):
            if last is not None and name != last:
                cut = max(sentence.rfind(" and ", start, at), sentence.rfind(",", start, at))
                if cut > start:
                    yield sentence[start:cut]
                    start = cut
            last = name
        yield sentence[start:]


def _ask(request, order, bought, product):
    """The question for the variant, with what can be had and its price."""
    on_offer = [
        v for v in product["variants"] if v["available"] and v["item_id"] != bought["item_id"]
    ]
    wanted = items.options_in(items.target(_wish(request, order, bought)), product["variants"])
    offers = items.narrow(wanted, on_offer) or on_offer
    if not offers:
        return Refuse(f"There is no other {bought['name']} to be had at the moment.")
    shown = [
        f"{items.describe(v['options'])} ({money.amount(v['price'])})" for v in offers[:OFFERS_MAX]
    ]
    question = words.ask_variant(bought["name"], order["id"], shown)
    return Ask("variant", question, order["id"] + bought["item_id"], item_id=bought["item_id"])
