"""The things a wish to return lists, so that none is left out unheard: "the 17 inch and both
bottles" names one thing by what it is like, and "the lamp and the gizmo" one nobody bought."""

import re

from hyperpersonal_sdk.procedure import items

WORDS_MAX = 5
_VERB = re.compile(
    r"\b(?:return(?:ing)?|send(?:ing)?|giv(?:e|ing)|tak(?:e|ing)"
    r"|(?:money\s+back|refund)\s+(?:for|on))\b",
    re.I,
)
_END = re.compile(
    r"[.;!?:{]|\b(?:from|of|in|via|to|for|because|since|as\s+(?:i|it|they)|so|which|that|who|but"
    r"|please|using|except|if|order|on|due|back|i|we|they|it)\b|\band\s+(?:get|have|want|put"
    r"|then)\b",
    re.I,
)
_AND = re.compile(r",|&|\b(?:and|plus|as\s+well\s+as|along\s+with|together\s+with)\b", re.I)
_THING = re.compile(r"^\s*(?:also\s+)?(?:the|my|both|this|two)\s+(?P<what>\S.*?)\s*$", re.I)
_SLIP = re.compile(
    r"\b(?:the|my)\s+[^,.;]{2,40},?\s*(?=\b(?:i\s+mean|i\s+meant|or\s+rather)\b)", re.I
)
_KEPT = re.compile(r"\bkeep(?:ing)?\s+[^,.;]*", re.I)
_NO_NAME = frozenset(
    """order orders item items stuff thing things one ones whole entire package parcel purchase
    purchases rest other others everything refund money products product all pair full remaining
    delivery two both three""".split()
)


def unnamed(request, names):
    """The things listed in a wish that none of these product names stands for."""
    said = _KEPT.sub(" ", request.get("own", request["text"]))
    said = _SLIP.sub(" ", said)
    verb = _VERB.search(said)
    if not verb:
        return []
    rest = said[verb.end() :]
    end = _END.search(rest)
    things = [_THING.match(part) for part in _AND.split(rest[: end.start()] if end else rest)]
    found = [thing["what"] for thing in things if thing]
    return [what for what in found if _is_thing(what) and not items.mentions(what, names)]


def _is_thing(what):
    spoken = set(what.lower().split())
    return len(spoken) <= WORDS_MAX and not spoken & _NO_NAME
