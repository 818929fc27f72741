"""The matter of a message: what is left without greetings, thanks, names and numbers.

They say nothing about what is wanted, yet move a vector a long way in a short text. Memory and
routing read the same matter, of examples too, so its vector is made once; and the same question
about another order is the same matter.
"""

import re

from hyperpersonal_sdk.procedure.slots import extract

MATTER_CHARS_MAX = 2000
WORDS_LEAST = 3
_PARTICULARS = frozenset(
    """person_name email phone username zip order_id invoice_id account_id
    card_number""".split()
)
_GREETING = re.compile(
    r"^\W*(?:(?:hi+|hey|hello|good (?:morning|afternoon|evening)|greetings)(?: there)?\b[\s,.!]*)+",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?:\b(?:thanks?(?: you)?(?: so much)?|great|sure|ok(?:ay)?|please)\W*)+$", re.IGNORECASE
)
_SPACE = re.compile(r"\s+")


def matter_of(text: str) -> str:
    """The matter, at most 2,000 characters; the text itself if fewer than three words are left."""
    cut = text[:MATTER_CHARS_MAX]
    left = cut
    for kind, _, start, end in sorted(extract(cut), key=lambda slot: -slot[2]):
        if kind in _PARTICULARS:
            left = f"{left[:start]} {left[end:]}"
    left = _SPACE.sub(" ", _THANKS.sub("", _GREETING.sub("", left))).strip()
    return left if len(left.split()) >= WORDS_LEAST else cut
