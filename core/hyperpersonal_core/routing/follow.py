"""Whether a message answers the question an agent has open.

An answer is short, or is made of the things agents ask for (order numbers, e-mails, names,
amounts), or begins with yes or no. Such a message stays with the agent that asked, whatever it
looks like alone.
"""

import re

from hyperpersonal_sdk.procedure.slots import extract

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_YES_NO = frozenset(
    """yes yeah yep yup ya sure ok okay correct right no nope nah fine please exactly absolutely
    confirm confirmed agreed go do don't cancel stop""".split()  # noqa: SIM905
)
_FILLER = frozenset(
    """it's its it is my the a an order number id email mail address name user username zip code
    phone account here this that and i am to be with of for in under at
    invoice""".split()  # noqa: SIM905
)
_TOPIC = re.compile(
    r"\b(?:refund|return|exchange|cancel|track|invoice|password|charged|warranty|subscription"
    r"|discount|promo|deliver\w*|shipp\w*|complain\w*|delete|bill\w*|where|when|how|what|why)\b",
    re.IGNORECASE,
)
ANSWER_WORDS_MAX = 4
YES_NO_WORDS_MAX = 8


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


def _without_slots(text: str) -> str:
    for _, _, start, end in sorted(extract(text), key=lambda slot: -slot[2]):
        text = text[:start] + " " + text[end:]
    return text
