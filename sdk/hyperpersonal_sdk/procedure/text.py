"""Cutting a message into segments, without cutting what stands in braces."""

import re

_BRACES = re.compile(r"\{[^{}]{0,600}\}")
_ACTION = (
    r"(?:cancel|return|exchange|swap|replace|modify|change|switch|upgrade|downgrade|update|ship"
    r"|send|refund|track|check|decide|know|get|make)"
)
_CUT = re.compile(
    r"(?<=[.!?;])\s+"
    r"|\n+"
    r"|[,;]\s+(?=if\b)"
    r"|,?\s+and\s+(?=for\s+(?:the|my|order)\b)"
    r"|,\s+(?=(?:then|but|also|while|plus)\b)"
    r"|\s+(?=but\s+(?:i\s+)?(?:want|wish|would|change|also|before))"
    r"|,?\s+(?:and|then)\s+(?=(?:(?:then|also|to|i|i'd|i'll|please|would|like|want|need|wish)\s+){0,6}"
    + _ACTION
    + r"\b)",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s+")


def mask(text):
    """The text with everything in braces blanked out; positions stay."""
    return _BRACES.sub(lambda m: "{" + "_" * (len(m.group()) - 2) + "}", text)


def segments(text):
    """The text in pieces of about one wish each, in order, as (start, piece)."""
    masked, start, pieces = mask(text), 0, []
    for cut in _CUT.finditer(masked):
        pieces.append((start, text[start : cut.start()].strip()))
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
