"""Reading a message into requests: who wants what, of which order, paid how, for what reason.

A request is a plain dict, because it is kept in the agent's state:
`verb` (see `verbs`), `text` (its own words), `before` (the words that led to it), `orders`,
`payment`, `reason`, `address`, `same_as`, `if_failed` (only when the one before cannot be done).
"""

import re

from hyperpersonal_sdk.procedure import text as cut
from hyperpersonal_sdk.procedure import values, verbs

TEXT_MAX = 6_000  # characters read of one message; what comes after is not looked at
REQUESTS_MAX = 12

_MISTAKE = re.compile(
    r"\bmistake|\baccident|\bwrong(?:ly)?\s+(?:ordered|placed)|\bdid\s?n[o']?t\s+mean\b|\bunintention",
    re.I,
)
_NO_NEED = re.compile(
    r"\bno\s+(?:longer|more)\b|\bnot?\s+need|\bdon'?t\s+(?:need|want)|\bchanged?\s+my\s+mind"
    r"|\b(?:cheaper|half\s+(?:the\s+)?price|better\s+price)\b|\btravel", re.I
)  # fmt: skip
_PLACES = ("set_address", "profile_address")
_THERE = re.compile(r"\b(?:there|same|that|new|as\s+well|too|also)\b", re.I)
_SAME_AS = re.compile(r"\bsame\s+(?:address\s+)?as\b[^.;]{0,40}?#?\s?(W\d{5,10})", re.I)
_TO_DEFAULT = re.compile(
    r"\b(?:my|the)\s+(?:default|profile|account|home|current)\s+(?:home\s+)?address\b|\baddress\s+(?:on|in)\s+(?:file|my\s+(?:profile|account))",
    re.I,
)


def reason(text):
    """The shop's cancel reason the words amount to, or ""."""
    if _MISTAKE.search(text):
        return "ordered by mistake"
    return "no longer needed" if _NO_NEED.search(text) else ""


def read(text):
    """Every request of a message, in order."""
    found, before = [], ""
    for _, piece in cut.segments(text[:TEXT_MAX]):
        before = _take(piece, before, found)
    if not found:
        found = _softer(text[:TEXT_MAX])
    return found[:REQUESTS_MAX]


def _take(piece, before, found):
    """Add a piece to the requests; returns the words no request has used yet."""
    masked = cut.mask(piece)
    verb, _ = verbs.acting(masked)
    conditional = verbs.IF.search(masked)
    keeps = verbs.KEEPS.search(masked)
    if keeps and not conditional:
        for request in found:
            request["kept"] = f"{request.get('kept', '')} {keeps.group(1)}".strip()
    if verbs.NEGATED.search(masked) and not conditional and not _turns_positive(masked):
        _withdraw(piece, verb, found)
        return before
    if verb and _is_about_another(verb, found, masked):
        verb = None
    if verb is None or (conditional and not verbs.IF_FAILED.search(masked)):
        if found:
            found[-1]["text"] += " " + piece
            _details(found[-1], piece)
            return before
        return f"{before} {piece}".strip()
    request = {"verb": verb, "text": piece, "before": before, "orders": []}
    if verbs.IF_FAILED.search(masked) and found:
        request["if_failed"] = True
    _details(request, piece)
    _inherit(request, before, found)
    found.append(request)
    return f"{before} {piece}".strip()[-1_500:]


def _turns_positive(masked):
    """As in "I do not want to return it but exchange it": the last word counts."""
    rest = masked[max(match.end() for match in verbs.NEGATED.finditer(masked)) :]
    other = re.search(r"\b(?:but|instead|rather)\b(.*)", rest, re.I)
    return bool(other and verbs.acting(other.group(1))[0])


def _is_about_another(verb, found, masked):
    """A payment or refund remark inside a return or exchange is not a request of its own."""
    if not found:
        return False
    last = found[-1]["verb"]
    if verb == "set_payment" and last in ("return", "swap") and not values.order_ids(masked):
        return not re.search(r"\border", masked, re.I)
    return False


def _withdraw(piece, verb, found):
    """The shopper takes something back: the last request of that verb goes."""
    named = values.order_ids(piece)
    for i in range(len(found) - 1, -1, -1):
        same_verb = verb is None or found[i]["verb"] == verb or verb == "swap"
        if same_verb and (not named or set(named) & set(found[i]["orders"])):
            del found[i]
            return


def _details(request, piece):
    """What the words say about payment, reason, address and orders."""
    same = _SAME_AS.search(piece)
    if same:
        request["same_as"] = "#" + same.group(1).upper()
    for name in values.order_ids(_without_address(piece)):
        if name != request.get("same_as") and name not in request["orders"]:
            request["orders"].append(name)
    for key, read_it in (
        ("payment", values.payment),
        ("reason", reason),
        ("address", values.address),
    ):
        value = read_it(piece)
        if value:
            request[key] = value
    if request["verb"] == "set_address" and _TO_DEFAULT.search(piece):
        request["to_default"] = True


def _without_address(piece):
    for start, end, value in reversed(values.mappings(piece)):
        if "address1" in value:
            piece = piece[:start] + piece[end:]
    return piece


def _inherit(request, before, found):
    """The order and reason named before belong to a wish that names none itself."""
    if not request["orders"]:
        request["orders"] = (found[-1]["orders"] if found else values.order_ids(before))[-1:]
    if request["verb"] in _PLACES and not request.get("address") and _THERE.search(request["text"]):
        known = [r["address"] for r in found if r.get("address")]
        request.update({"address": known[-1]} if known else {})
    if request["verb"] == "cancel" and not request.get("reason"):
        request["reason"] = reason(before)


def _softer(text):
    """No wish to act: a regret ("it is broken") or a question."""
    verb = verbs.asking(text)
    if verbs.WANTS_MONEY_BACK.search(text) or (verb is None and verbs.REGRET.search(text)):
        verb = "regret"
    if verb is None:
        return []
    request = {"verb": verb, "text": text, "before": "", "orders": []}
    _details(request, text)
    return [request]


def is_question(request):
    """A how-to question ("how can I return something?") that names no order of its own."""
    words = request["text"]
    return bool(
        not request["orders"]
        and (verbs.HOW.search(words) or verbs.POLICY.search(words))
        and not re.search(
            r"\bmy\s+(?:order|item|purchase)\b|\bi\s+(?:bought|ordered|received)\b", words, re.I
        )
    )
