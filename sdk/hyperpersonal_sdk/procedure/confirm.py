"""Reading the answer to "Shall I go ahead?": nothing but an explicit yes lets a procedure act."""

import re

_YES = re.compile(
    r"^\W*(?:(?:oh|ok|okay|great|perfect|thanks|thank you|sounds good|looks good|all good"
    r"|good)\W+)*"
    r"(?:yes|yep|yeah|yup|sure|correct|confirm(?:ed)?|i confirm|please do|go ahead|do it"
    r"|proceed|absolutely|of course"
    r"|that'?s (?:right|correct|fine)|ok(?:ay)?|sounds good|looks good)\b", re.I
)  # fmt: skip
_NO = re.compile(
    r"^\W*(?:(?:oh|ok|okay|hmm+|uh+m?|um+|er|well|actually|please|sorry|oops)\W+)*"
    r"(?:no|nope|nah|stop|don'?t|do not|never\s?mind|forget it|cancel that|not\s+(?:now|yet)|wait"
    r"|hold\s+on|hang\s+on)\b|\bchanged my mind\b|\bno\W+wait\b",
    re.I,
)
_BUT = re.compile(r"\b(?:but|except|also|instead|rather|wait|as well|too|only)\b", re.I)


def answer(text):
    """Says "yes", "no", or "" when the words are neither or carry a condition."""
    if _NO.search(text):
        return "no"
    if _YES.search(text) and not _BUT.search(text):
        return "yes"
    return ""
