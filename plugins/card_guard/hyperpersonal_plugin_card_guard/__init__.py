"""Holds back replies that show a payment card's number or its security code.

A number counts when it has a length and a beginning that a card scheme gives out, and its check
digit is right. It may be written in groups; the groups are read whole, so that an order or
tracking number that merely contains such digits does not count.
Source: ISO/IEC 7812-1 (numbering, annex B: the Luhn check); PCI DSS 4.0, requirement 3.4.1 (what
of a number may be shown) and 3.3.1.2 (security codes are never kept).
"""

import re

from hyperpersonal_sdk import Guard

plugin = Guard()

# (beginning, lengths) as the schemes give them out.
SCHEMES = (
    (r"4", (13, 16, 19)),  # Visa
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),  # Mastercard
    (r"3[47]", (15,)),  # American Express
    (r"30[0-5]|3[689]", (14, 16)),  # Diners Club
    (r"6011|64[4-9]|65", (16, 19)),  # Discover
    (r"35(?:2[89]|[3-8])", (16,)),  # JCB
    (r"62|81", (16, 17, 18, 19)),  # UnionPay
    (r"50|5[6-9]|6[0137]", (16, 18, 19)),  # Maestro
)
SHORTEST, LONGEST = 13, 19
# Digits in groups; what may stand between them: spaces, dots, dashes, zero-width characters.
GROUPED = re.compile(r"\d+(?:[\s.\-\u2010-\u2015\u200b-\u200d\u2060]{1,2}\d+)*")
SECURITY_CODE = re.compile(
    r"\b(?:cvv2?|cvc2?|cid|security code|card verification (?:code|value))\b"
    r"(?:\s+(?:is|was|number)|\s*[:=])?\s*\d{3,4}\b",
    re.IGNORECASE,
)


@plugin.review
def review(ask, host):
    texts = [ask.reply.text, *(item.get("text", "") for item in ask.reply.get("evidence", []))]
    if any(map(shows_card, texts)):
        return "the reply shows a payment card's number"
    if any(map(SECURITY_CODE.search, texts)):
        return "the reply shows a card's security code"
    return None


def shows_card(text):
    """Whether some groups of digits that stand together are a card's number."""
    return any(map(holds_card, GROUPED.findall(text)))


def holds_card(grouped):
    groups = re.findall(r"\d+", grouped)
    for first in range(len(groups)):
        number = ""
        for group in groups[first:]:
            number += "".join(str(int(digit)) for digit in group)  # of any script
            if len(number) > LONGEST:
                break
            if len(number) >= SHORTEST and is_card(number):
                return True
    return False


def is_card(number):
    given_out = any(
        len(number) in lengths and re.match(beginning, number) for beginning, lengths in SCHEMES
    )
    return given_out and luhn(number)


def luhn(number):
    """Whether the last digit checks the others."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
