"""Conditions on figures: "if it cost more than $400", "only if I get at least $50 back".

A wish with such a condition is carried out only when the shop's own figures meet it. Conditions
on stock or status need no reading: the shop's rules refuse what is not in stock or not pending.
"""

import re

from hyperpersonal_sdk.procedure import items

_LESS = r"(?:less|lower|fewer|under|below|cheaper|smaller|no\s+more|at\s+most|up\s+to|within)"
_MORE = r"(?:more|over|above|exceed\w*|higher|greater|at\s+least|no\s+less|bigger)"
_FIGURE = re.compile(
    rf"\b(?P<word>if|unless|as\s+long\s+as|provided)\b(?P<what>[^.;]{{0,120}}?)"
    rf"\b(?:(?P<less>{_LESS})|(?P<more>{_MORE}))\b\s*(?:than\s+|to\s+)?"
    r"(?:\$|usd\s*)?\s?(?P<sum>\d[\d,]*(?:\.\d{1,2})?)(?!\d|\s*(?:gb|tb|ml|inch|-))",
    re.I,
)
_DIFFERENCE = re.compile(r"\b(?:difference|extra|on\s+top)\b", re.I)
_WHOLE = re.compile(r"\b(?:order|total|together|all|everything|in\s+all)\b", re.I)


def find(piece):
    """The condition on a figure a piece of text holds, as JSON, or None."""
    match = _FIGURE.search(piece)
    if not match:
        return None
    less = bool(match["less"])
    return {
        "what": match["what"].strip(),
        "less": less != (match["word"].lower() == "unless"),
        "minor": round(float(match["sum"].replace(",", "")) * 100),
        "said": match.group().strip(),
    }


def without(piece):
    """The piece without its condition."""
    return _FIGURE.sub(" ", piece)


def holds(condition, actions, shop):
    """Whether the figures of the planned actions meet a condition."""
    figure = sum(_figure(condition["what"], action, shop) for action in actions)
    limit = condition["minor"]
    return figure < limit if condition["less"] else figure > limit


def _figure(what, action, shop):
    if _DIFFERENCE.search(what):
        return abs(action.get("due", 0))
    order = shop.order(action["arguments"]["order_id"])
    named = {name for _, name in items.mentions(what, {i["name"] for i in order["items"]})}
    chosen = action["arguments"].get("item_ids", [])
    if named and not _WHOLE.search(what):
        return sum(i["price"]["minor"] for i in order["items"] if i["name"] in named)
    if chosen and not _WHOLE.search(what):
        return sum(i["price"]["minor"] for i in order["items"] if i["item_id"] in chosen)
    return order["total"]["minor"]
