"""Cutting a message into segments, without cutting what stands in braces."""

import re

_BRACES = re.compile(r"\{[^{}]{0,600}\}")
_ACTION = (
    r"(?:cancel|return|exchange|swap|replace|modify|change|switch|upgrade|downgrade|update|ship"
    r"|send|refund|track|check|decide|know|get|make|drop|remove|pay|use)"
)
_CUT = re.compile(
    r"(?<=[.!?;])\s+"
    r"|\n+"
    r"|[,;]\s+(?=(?:(?:and|or|but)\s+)?(?:if|otherwise|else|unless)\b)"
    r"|\s+(?=otherwise\b)"
    r"|,?\s+and\s+(?=for\s+(?:the|my|order)\b)"
    r"|,\s+(?=(?:then|but|also|while|plus)\b)"
    r"|,?\s+and\s+(?=have\s+(?:\S+\s+){1,6}(?:shipped|sent|delivered|cancell?ed|exchanged|returned"
    r"|changed|refunded|paid)\b)"
    r"|\s+(?=but\s+(?:i\s+)?(?:want|wish|would|change|also|before))"
    r"|,?\s+(?:and|then|&)\s+"
    r"(?=(?:(?:then|after\s+that|afterwards|next|finally|also|to|i|i'd|i'll|please|would|like|want"
    r"|need|wish|can|could|you)\s+){0,6}" + _ACTION + r"\b)",
    re.IGNORECASE,
)
_END = ".!?;\n"
_SPACE = re.compile(r"\s+")
_CONDITION = re.compile(
    r"^(?:(?:and|but|or|only)\s+)*(?:if|in\s+case|unless)\b(?:[^,]|,\d)*$", re.IGNORECASE
)
_SLIPS = {
    r"\b(?:cancle|cancal|cancil|canel|cacel|cnacel|cacnel|cancell)(?=ing|\b)": "cancel",
    r"\b(?:retrun|reutrn|retun|retrn|reurn|rturn)(?=s|ed|ing|\b)": "return",
    r"\b(?:exhange|exchage|exchnage|excahnge|echange|exchanhe)\b": "exchange",
    r"\borderd\b": "ordered",
    r"\b(?:oder|ordr|oredr|odrer)(?=s|ed|\b)": "order",
    r"\b(?:adress|addres|adres|addess)\b": "address",
    r"\b(?:acident|accidant|acc?idently|accidently)(?=ally|\b)": "accident",
    r"\brecie?ved\b|\breceved\b": "received",
    r"\bdelivrd\b|\bdeliverd\b|\bdelievered\b": "delivered",
    r"\b(?:chnage|cahnge|chagne)(?=d?\b)": "change",
    r"\b(?:refnud|refudn|reufnd)\b": "refund",
    r"\b(?:pay\s?apl|payapl|paypall|papal|pay-pal)\b": "paypal",
    r"\b(?:dont|don;t)\b": "don't",
    r"\bwanna\b": "want to",
    r"\b(?:pls|plz|pleas|plese)\b": "please",
    r"\bu\b(?=\s+(?:please\s+)?[a-z]{3,})": "you",
    r"\b4(?=\s+(?:the|my|me|it)\b)": "for",
    r"\b2(?=\s+(?:the|my|me)\b)": "to",
    r"\bgimme\b": "give me",
}
_SLIP = tuple((re.compile(wrong, re.IGNORECASE), right) for wrong, right in _SLIPS.items())


def mask(text):
    """The text with everything in braces blanked out; positions stay."""
    return _BRACES.sub(lambda m: "{" + "_" * (len(m.group()) - 2) + "}", text)


def mended(text):
    """The text with the words that decide a wish spelt as they should be."""
    for wrong, right in _SLIP:
        text = wrong.sub(right, text)
    return text


def segments(text):
    """The text in pieces of about one wish each, in order, as (start, piece)."""
    masked, start, pieces = mask(text), 0, []
    for cut in _CUT.finditer(masked):
        piece = text[start : cut.start()].strip()
        other_way = text[cut.end() :].lower().startswith(("else", "otherwise"))
        if _CONDITION.match(piece) and text[cut.start() - 1] not in _END and not other_way:
            continue  # a condition and what it is the condition of stay together
        pieces.append((start, piece))
        start = cut.end()
    pieces.append((start, text[start:].strip()))
    return [(at, piece) for at, piece in pieces if piece]


def squeeze(text):
    """Lower case, straight quotes, single spaces."""
    straight = text.replace("\u2019", "'").replace("\u2018", "'").replace("\u201c", '"')
    return _SPACE.sub(" ", straight.replace("\u201d", '"')).strip().lower()


def join(parts, word="and"):
    """["a", "b", "c"] as "a, b and c"."""
    parts = list(parts)
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + f" {word} " + parts[-1]


def show_address(place):
    """An Address on one line, as `values.address` reads it again."""
    parts = [place["address1"], place.get("address2"), place["city"], place["state"], place["zip"]]
    return ", ".join(p for p in parts if p)
