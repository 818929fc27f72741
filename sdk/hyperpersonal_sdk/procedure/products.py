"""Questions about products, answered from the shop's own product data."""

import re

from hyperpersonal_sdk.procedure import items, money
from hyperpersonal_sdk.procedure.text import join, squeeze

OPTIONS_MAX = 6
_STOCK = re.compile(r"\bstock|\bavailab|\bsold\s+out|\bhave\b", re.I)
_CHEAPEST = re.compile(r"\bcheapest\b|\bleast\s+expensive\b", re.I)
_DEAREST = re.compile(r"\bmost\s+expensive\b", re.I)


def named(question, shop):
    """The product whose name the question says, or None."""
    found = {p["name"]: p for p in shop.search_products(question[:300])}
    spoken = [name for _, name in items.mentions(question, set(found))]
    return found[spoken[0]] if spoken else None


def answer(question, product):
    """What the data says to a question about options, stock or price, or ""."""
    variants = product["variants"]
    wanted = {k: v for k, v in items.options_in(question, variants).items() if v}
    fits = items.narrow(wanted, variants)
    if not fits:
        return _none_left(product, wanted)
    extreme = min if _CHEAPEST.search(question) else max if _DEAREST.search(question) else None
    if extreme:
        one = extreme(fits, key=lambda v: v["price"]["minor"])
        return (
            f"{product['name']} for {money.amount(one['price'])}: {items.describe(one['options'])}."
        )
    return _offer(product, wanted, fits, question)


def _none_left(product, wanted):
    if not wanted:
        return f"The {product['name']} is not in stock at the moment."
    return f"The {product['name']} with {items.describe(wanted)} is not in stock at the moment."


def _offer(product, wanted, fits, question):
    prices = sorted({(v["price"]["minor"], money.amount(v["price"])) for v in fits})
    price = prices[0][1] if len(prices) == 1 else f"{prices[0][1]} to {prices[-1][1]}"
    what = f" with {items.describe(wanted)}" if wanted else ""
    text = f"The {product['name']}{what} is in stock, for {price}."
    return f"{text} {_choices(fits, wanted)}".strip()


def _choices(fits, wanted):
    """The values each open option can still have."""
    values = {}
    for variant in fits:
        for key, value in variant["options"].items():
            if key not in wanted and value not in values.setdefault(key, []):
                values[key].append(value)
    open_options = [
        f"{k}: {join(v, 'or')}" for k, v in list(values.items())[:OPTIONS_MAX] if len(v) > 1
    ]
    return f"You can choose {'; '.join(open_options)}." if open_options else ""


def about_data(question, product):
    """Is it a question the product data can answer (options, stock, price)?"""
    said = squeeze(question)
    keys = {key for v in product["variants"] for key in v["options"]}
    return bool(
        _STOCK.search(said)
        or re.search(
            r"\b(?:price|cost|how\s+much|cheap|expensive|options?|which|what|come\s+in"
            r"|versions?)\b",
            said,
        )
        or any(key in said for key in keys)
    )
