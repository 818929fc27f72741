"""Does a shopper ask for a person? A grammar of asking, written by hand.

"Talk to an agent" asks for a person; "contact customer service" asks for a place, a number or
hours, which an agent can give. One slip of the finger is allowed, because people who want a
person are in a hurry ("speak to an oeprator").
"""

import re
from functools import lru_cache

_WORD = re.compile(r"[a-z']+")
_SPEAK = frozenset(
    """talk talking speak speaking chat chatting contact contacting connect connecting reach
    reaching transfer transferring direct directing escalate forward""".split()
)
_WISH = frozenset(
    """want need wanna get getting give put pass patch bring switch
    hand""".split()
)
_ANYBODY = frozenset(
    """person somebody someone anybody anyone people staff
    employee""".split()
)
_OFFICE = frozenset(
    """human agent agents operator assistant representative rep manager supervisor advisor adviser
    colleague""".split()
)
_ALWAYS = re.compile(
    r"\b(?:want|need|get|give|to|with|have|by) (?:me |us )?(?:a |an |some |the )?"
    r"(?:real|actual|live|human) (?:person|human|agent|being|operator|assistant|support|people)\b"
    r"|^\W*(?:a |an )?(?:real|actual|live|human) (?:person|human|agent|being|operator)\b"
    r"|^\W*(?:a )?(?:person|human|agent|operator|representative|colleague)"
    r"(?: please| pls| now)?\W*$"
    r"|\b(?:to|with|get|want|need) (?:me )?(?:your|a|the) (?:boss|manager|supervisor)\b"
    r"|\b(?:anyone|anybody|someone|somebody) (?:i can|to) (?:talk|speak|chat)\b"
    r"|\b(?:someone|somebody|anyone) (?:\w+ )?(?:to |can |could )?(?:call|ring|phone) me\b"
    r"|\b(?:transfer|escalate|hand) (?:me|this)\b"
    r"|\bno (?:more )?(?:bots?|robots?|machines?)\b|\bnot (?:to |with )?a (?:bot|robot|machine)\b"
)
_NOT_ASKING = re.compile(
    r"\b(?:are|r) (?:you|u) |\b(?:am i|is this|i'?m i) |\bif (?:you|u|this) |\bact (?:like|as)\b"
    r"|\bcustomer (?:service|support|assistance|care)\b"
    r"|\b(?:delivery|postal|shipping|sales|insurance|travel|leasing|tax) (?:person|agent)\b"
    r"|\b(?:was|were|been|already) (?:talking|speaking|chatting|talked|spoke|in contact)\b"
    r"|\b(?:i am|i'm) not a (?:bot|robot)\b|\bpeople say"
)
_ANYBODY_GAP = 4
_OFFICE_GAP = 6


def asks_for_person(text: str) -> bool:
    """True when the shopper wants a human being to take over."""
    lowered = text.lower().replace("\u2019", "'")
    if _NOT_ASKING.search(lowered):
        return False
    if _ALWAYS.search(lowered):
        return True
    words = [_meant(word) for word in _WORD.findall(lowered)]
    speaks = [n for n, word in enumerate(words) if word in _SPEAK]
    wishes = [n for n, word in enumerate(words) if word in _WISH]
    anybody = [n for n, word in enumerate(words) if word in _ANYBODY]
    office = [n for n, word in enumerate(words) if word in _OFFICE]
    return (
        _follows(anybody, speaks, _ANYBODY_GAP)
        or _follows(office, speaks, _OFFICE_GAP)
        or _follows(office, wishes, 3)
    )


def _follows(targets: list[int], starts: list[int], gap: int) -> bool:
    return any(0 < target - start <= gap for target in targets for start in starts)


@lru_cache(maxsize=65536)
def _meant(word: str) -> str:
    """The word of asking this is, give or take one letter; else the word itself."""
    for known in (_SPEAK | _ANYBODY | _OFFICE) - {"rep"}:
        if word == known or (len(word) > 3 and len(known) > 3 and _one_slip(word, known)):
            return known if word not in _REAL_WORDS else word
    return word


# One letter from a word of asking, and words of their own.
_REAL_WORDS = frozenset(
    """walk tall tale take talks chart cheat chats that what peak speaks peaking walking taking
    teach each beach breach reaching correct contract contracts extract urgent humane operate
    parson season reason persons managed manage forwards directs connects contacts staffs stuff
    """.split()
)


def _one_slip(one: str, two: str) -> bool:
    """One letter too many, too few, wrong, or two swapped."""
    if abs(len(one) - len(two)) > 1:
        return False
    same = 0
    while same < min(len(one), len(two)) and one[same] == two[same]:
        same += 1
    left, right = one[same:], two[same:]
    if len(one) == len(two):
        swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
        return left[1:] == right[1:] or swapped
    return left[1:] == right or left == right[1:]
