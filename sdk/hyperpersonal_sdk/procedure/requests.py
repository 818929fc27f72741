"""Reading a message into requests: who wants what, of which order, paid how, for what reason.

A request is a plain dict, because it is kept in the agent's state:
`verb` (see `verbs`), `own` (the words of the wish itself), `text` (those and what was added
after), `before` (the words that led to it), `orders`, `not_orders`, `payment`, `reason`,
`address`, `same_as`, `kept`, `only_if` (see `conditions`), `if_failed` (only when the one before
cannot be done).
"""

import re

from hyperpersonal_sdk.procedure import conditions, values, verbs
from hyperpersonal_sdk.procedure import text as cut

TEXT_MAX = 6_000  # characters read of one message; what comes after is not looked at
REQUESTS_MAX = 12

_MISTAKE = re.compile(
    r"\bmistake|\baccident|\bwrong(?:ly)?\s+(?:ordered|placed)|\bdid\s?n[o']?t\s+mean\b"
    r"|\bunintention|\btwice\b|\bduplicate",
    re.I,
)
_NO_NEED = re.compile(
    r"\bno\s+(?:longer|more|use)\b|\bnot?\s+need|\bdon'?t\s+(?:need|want)|\bchanged?\s+my\s+mind"
    r"|\b(?:cheaper|half\s+(?:the\s+)?price|better\s+price)\b|\btravel", re.I
)  # fmt: skip
_PLACES = ("set_address", "profile_address")
_THERE = re.compile(r"\b(?:there|same|that|new|as\s+well|too|also)\b", re.I)
_SAME_AS = re.compile(r"\bsame\s+(?:address\s+)?as\b[^.;]{0,40}?#?\s?(W\d{5,10})", re.I)
_SPARED = re.compile(r"\b(?:except|but\s+not|apart\s+from|other\s+than|all\s+but)\b.*", re.I)
_BY_ITSELF = re.compile(
    r"^(?:and\s+|but\s+|or\s+)?if\b[^,]{0,60}?\b(?:available|in\s+stock|possible|allowed|you\s+can"
    r"|you\s+have|still\s+pending|is\s+pending|is\s+delivered|was\s+delivered|arrived)\b",
    re.I,
)
_ANOTHER = re.compile(
    r"\b(?:the|my)\s+(?!(?:same|whole|entire|said|full|above|pending|delivered|new)\b)"
    r"(?:\w+\s+){1,2}order\b(?!\s*(?:number|#))",
    re.I,
)
_OTHER_STATE = re.compile(
    r"\bif\b[^,]{0,30}\b(?:order|package)\b[^,]{0,30}\b(?:shipped|left|delivered|sent|arrived)\b",
    re.I,
)
_QUESTION = re.compile(
    r"(?<=[.!?])\s+|,?\s+and\s+(?=(?:where|when|what|how|is|has|who|which)\b)", re.I
)
_DIFFERENCE = re.compile(r"\bdifference\b", re.I)
_TO_DEFAULT = re.compile(
    r"\b(?:my|the)\s+(?:default|profile|account|home|main|primary|current|usual|normal|regular)\s+"
    r"(?:home\s+|shipping\s+)?address\b"
    r"|\baddress\s+(?:(?:that\s+)?(?:you\s+have\s+)?on|in|from)\s+(?:file|my\s+(?:profile|account))"
    r"|\bto\s+(?:my|the)\s+default(?:\s+one)?\b|\bto\s+my\s+(?:home|house|place)\b|\b(?:send"
    r"|ship|deliver|come)\w*\b[^.;]{0,90}\bhome\b",
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
    text = cut.mended(text[:TEXT_MAX])
    for _, piece in cut.segments(text):
        before = _take(piece, before, found)
    if not found:
        found = _softer(text)
    return found[:REQUESTS_MAX]


def _take(piece, before, found):
    """Add a piece to the requests; returns the words no request has used yet."""
    masked = cut.mask(piece)
    figure = conditions.find(masked)
    verb, _ = verbs.acting(conditions.without(masked) if figure else masked)
    conditional = verbs.IF.search(masked)
    keeps = verbs.KEEPS.search(masked) or (not verb and verbs.FINE.search(masked))
    if verb and found and not conditional and verbs.REVISED.search(masked):
        _revise(verb, masked, found)
    if keeps and not conditional:
        kept = next(filter(None, keeps.groups()))
        for request in found:
            request["kept"] = f"{request.get('kept', '')} {kept}".strip()
    spared = keeps and keeps.group().lower().endswith(("keep it", "keep them"))
    if verbs.NEGATED.search(masked) and not (conditional or spared) and not _turns_positive(masked):
        _withdraw(piece, verb, found)
        return before
    if verb and _is_about_another(verb, found, masked):
        verb = None
    failed = verbs.IF_FAILED.search(masked) and not _OTHER_STATE.search(masked)
    alone = _BY_ITSELF.search(masked) or (figure and not (found and _DIFFERENCE.search(masked)))
    if verb is None or (conditional and not failed and not alone):
        return _added(piece, before, found, figure)
    request = {"verb": verb, "text": piece, "own": piece, "before": before, "orders": []}
    if failed and found:
        request["if_failed"] = True
    if figure:
        request["only_if"] = figure
    _details(request, piece)
    _inherit(request, before, found)
    found.append(request)
    return f"{before} {piece}".strip()[-1_500:]


def _revise(verb, masked, found):
    """As in "on second thought I only return the camera": it was said before, now otherwise."""
    last = found[-1]["verb"]
    both = {verb, last} == {"return", "swap"} and re.search(r"\b(?:it|them|that)\b", masked)
    if verb == last or both:
        found.pop()


def _added(piece, before, found, figure):
    """Words without a wish of their own belong to the wish before them, or lead to the next."""
    if not found or verbs.ELSEWHERE.search(piece):
        return f"{before} {piece}".strip()
    last = found[-1]
    if verbs.FINE.search(piece):
        _details(last, piece)
        return before
    if verbs.CORRECTED.search(piece):
        last["text"] = last["own"] = verbs.CORRECTED.sub("", piece)
    else:
        last["text"] += " " + piece
    if figure and piece.lower().startswith(("only", "but only")):
        last["only_if"] = figure
    _details(last, piece)
    return before


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
    spared = _SPARED.search(piece)
    request.setdefault("not_orders", []).extend(values.order_ids(spared.group()) if spared else [])
    for name in values.order_ids(_without_address(piece)):
        other = name == request.get("same_as") or name in request["not_orders"]
        if not other and name not in request["orders"]:
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
        last = found[-1]["orders"] if found else values.order_ids(before)
        ended = found and found[-1]["verb"] == "cancel" and request["verb"] in verbs.CHANGES
        if ended or _ANOTHER.search(request["text"]):
            request["not_orders"].extend(last)
        else:
            request["orders"] = last[-1:]
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
    if verb == "regret":
        return [_asked(verb, text)]
    return _questions(text) or [_asked(verb, text)]


def _questions(text):
    """Every thing a message asks, each once: "what did I pay, and where is it?"."""
    found = []
    for piece in _QUESTION.split(text):
        verb = verbs.asking(piece)
        if verb and verb not in [r["verb"] for r in found]:
            found.append(_asked(verb, piece))
            if len(found) > 1 and not found[-1]["orders"]:
                found[-1]["orders"] = list(found[-2]["orders"])
    return found if len(found) > 1 else []


def _asked(verb, text):
    request = {"verb": verb, "text": text, "own": text, "before": "", "orders": []}
    _details(request, text)
    return request


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
