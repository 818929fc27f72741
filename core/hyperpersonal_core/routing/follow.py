"""Whether a message leans on what was said before it: an answer, or a question without a subject.

An answer is short, or is made of the things agents ask for (order numbers, e-mails, names,
amounts), or begins with yes or no. Such a message stays with the agent that asked, whatever it
looks like alone. A follow-up ("and standard?", "does it expire?") is for the agent that spoke last.
"""

import re
from collections.abc import Sequence

from hyperpersonal_sdk.procedure.slots import extract

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_YES_NO = frozenset(
    """yes yeah yep yup ya sure ok okay correct right no nope nah fine please exactly absolutely
    confirm confirmed agreed go do don't cancel stop""".split()
)
_FILLER = frozenset(
    """it's its it is my the a an order number id email mail address name user username zip code
    phone account here this that and i am to be with of for in under at
    invoice""".split()
)
_TOPIC = re.compile(
    r"\b(?:refund|return|exchange|cancel|track|invoice|password|charged|warranty|subscription"
    r"|discount|promo|deliver\w*|shipp\w*|complain\w*|delete|bill\w*|where|when|how|what|why)\b",
    re.IGNORECASE,
)
_ASKS = frozenset(
    """how when where what which why does do is are can will could would did has
    was""".split()
)
_POINTS = frozenset("it that this they them those these one ones".split())
_MATTER = re.compile(
    r"\b(?:refund|return|exchange|cancel|track|invoice|password|charged|warranty|subscription"
    r"|discount|promo|deliver|shipp|complain|delete|bill|order|account|website|person|human)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\W*(?:and|what about|how about|same for)\b", re.IGNORECASE)
_NOTHING_OWN = (
    _ASKS
    | _POINTS
    | frozenset(
        """and long take takes much many cost costs soon then about be to the a for i you me
        get""".split()
    )
)
ANSWER_WORDS_MAX = 4
YES_NO_WORDS_MAX = 8
FOLLOW_WORDS_MAX = 6
NAMED_WORDS_MAX = 3


def is_answer(text: str) -> bool:
    """True for what only makes sense after a question."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return True
    if words[0] in _YES_NO and len(words) <= YES_NO_WORDS_MAX:
        return not _TOPIC.search(text.lower().replace(words[0], " ", 1))
    if _TOPIC.search(text):
        return False
    rest = _without_slots(text)
    left = [word for word in _WORD.findall(rest.lower()) if word not in _FILLER]
    return len(words) <= ANSWER_WORDS_MAX or (rest != text and len(left) <= ANSWER_WORDS_MAX)


def is_follow_up(text: str) -> bool:
    """True for a short message without a subject of its own, or with nothing but one."""
    words = [word.lower() for word in _WORD.findall(text.replace("\u2019", "'"))]
    if not 1 < len(words) <= FOLLOW_WORDS_MAX or _MATTER.search(text) or extract(text):
        return False
    if _GOES_ON.match(text) or (
        words[0].partition("'")[0] in _ASKS and not _POINTS.isdisjoint(words)
    ):
        return True
    return words[0] in ("the", "a", "an") and len(words) <= NAMED_WORDS_MAX


def says_nothing_alone(text: str) -> bool:
    """True when no word of it names anything: "how long does it take?"."""
    return _NOTHING_OWN.issuperset(word.lower() for word in _WORD.findall(text))


def matter_before(lines: Sequence[str]) -> str:
    """The shopper's newest earlier line that stands by itself; "" when there is none."""
    return next((line for line in reversed(lines) if not is_follow_up(line)), "")


def _without_slots(text: str) -> str:
    for _, _, start, end in sorted(extract(text), key=lambda slot: -slot[2]):
        text = text[:start] + " " + text[end:]
    return text
