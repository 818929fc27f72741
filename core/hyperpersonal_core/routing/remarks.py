"""Messages that ask for nothing: "?", a yes out of nowhere, praise. No agent can answer those.

Only where no question of an agent is open; there a yes is an answer.
"""

import re

from hyperpersonal_core.routing import words

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_NO = frozenset("no nope nah nothing".split())
_FINE = frozenset("ok okay k kk fine great cool good nice perfect alright super".split())
_BARE = (
    _NO
    | _FINE
    | frozenset(
        """yes yeah yep yup sure right correct please do it go ahead so and well hm hmm um uh oh huh
        what that this then 1 2 3""".split()
    )
)
BARE_WORDS_MAX = 5
_LIKES = re.compile(
    r"\b(?:i|we)(?: \w+)? (?:love|adore|like) (?:your|my|the|this|it|you)\b"
    r"|\b(?:best|great|awesome|amazing|excellent|fantastic|wonderful|brilliant) (?:\w+ )?"
    r"(?:ever|shop|store|service|product|quality|job|work)\b"
    r"|\byou(?: are|'re|r| guys are) (?:\w+ )?"
    r"(?:great|awesome|amazing|the best|wonderful|brilliant)\b",
    re.IGNORECASE,
)
_WANTS = re.compile(
    r"[?#\d]|n't\b|\b(?:but|not|no|never|however|broken|broke|wrong|late|missing|return|refund"
    r"|exchange|cancel|change|order|want|need|please|can|could|how|where|when|what|which|why|would"
    r"|if|problem|issue|help|used to|stopped|another|one more|buy|get|have)\b",
    re.IGNORECASE,
)
PRAISE_WORDS_MAX = 14


def reply_to(text: str) -> str:
    """What the engine says to a message that asks for nothing; "" when it may ask for something."""
    found = [word.lower() for word in _WORD.findall(text)]
    if not found:
        return words.GOOD if "\U0001f44d" in text else words.WHAT_FOR
    if len(found) <= BARE_WORDS_MAX and _BARE.issuperset(found):
        return _to_bare(frozenset(found))
    if len(found) <= PRAISE_WORDS_MAX and _LIKES.search(text) and not _WANTS.search(text):
        return words.GLAD
    return ""


def _to_bare(found: frozenset[str]) -> str:
    if found <= _NO:
        return words.ALL_RIGHT
    return words.GOOD if found <= _FINE else words.WHAT_FOR
