"""Greetings, thanks, goodbyes, and who is speaking: an AI says that it is one."""

import re

_KINDS = (
    ("who", re.compile(
        r"\b(?:are|r)\s+(?:you|u)\s+(?:\w+\s+){0,3}(?:bot|robot|ai|human|person|machine|real"
        r"|computer|program|live)\b"
        r"|\bwho\s+(?:are|made|created|built|designed|programmed)\s+(?:you|u)\b|\bwho(?:m"
        r"|se)?\b.{0,20}\b(?:made|built|creat\w+|owns?)\s+you\b"
        r"|\b(?:prove|admit)\b.{0,30}\b(?:person|human|bot|ai)\b|\bname\s+of\s+(?:the\s+"
        r"|your\s+)?(?:creator|maker|company)", re.I)),
    ("name", re.compile(
        r"\b(?:your|ur)\s+name\b|\bcall\s+you\b|\b(?:refer|address)\s+(?:to\s+)?you\b"
        r"|\bname\s+(?:do\s+)?you\s+(?:like|go|have|prefer)", re.I)),
    ("can", re.compile(
        r"\bwhat\s+(?:else\s+)?(?:can|do)\s+(?:you|u)\s+(?:\w+\s+)?do\b"
        r"|\bwhat\s+can\s+i\s+(?:ask|say)|\bhelp\s+me\s+with\s+what\b"
        r"|\b(?:what|which)\b.{0,40}\b(?:you\s+(?:can\s+)?(?:assist|help|know|answer)|subjects"
        r"|topics|familiar)\b", re.I)),
    ("joke", re.compile(r"\bjokes?\b|\b(?:something|anything)\s+(?:funny|hilarious)"
        r"|\bmake\s+me\s+laugh\b", re.I)),
    ("thanks", re.compile(r"\b(?:thanks|thank\s+(?:you|u)|thx|appreciat\w+|grateful"
        r"|much\s+obliged)\b", re.I)),
    ("praise", re.compile(r"\b(?:love|like|enjoy)\s+(?:it|them|your|my|this|the)\b|\b(?:great"
                          r"|awesome"
        r"|amazing|excellent|wonderful|fantastic|perfect|brilliant)\b|\bbest\b.{0,12}\bever\b"
        r"|\bwell\s+done\b", re.I)),
    ("bye", re.compile(r"\b(?:bye|goodbye|farewell|see\s+you|see\s+ya|have\s+a\s+(?:nice|good"
        r"|great)|good\s+night|need\s+to\s+go|take\s+care|talk\s+to\s+you)\b", re.I)),
    ("hello", re.compile(r"^\W*(?:hi|hello|hey|hii+|good\s+(?:morning|afternoon|evening|day)"
        r"|greetings|howdy|yo)\b|\bhow\s+(?:are|have)\s+you\b|\bhow'?s\s+it\s+going\b"
        r"|\bwhat'?s\s+up\b", re.I)),
)  # fmt: skip
_SAYS = {
    "who": "I'm an AI assistant of {shop}, not a person. A colleague can take over whenever you "
    "like.",
    "name": "I have no name of my own: I'm the AI assistant of {shop}.",
    "can": "I can look up your orders, take back or exchange what you bought, and answer questions "
    "about products, payments and your account. I'm an AI assistant of {shop}.",
    "joke": "I'm better at orders than at jokes, I fear. What can I do for you at {shop}?",
    "thanks": "You're welcome! Is there anything else I can do for you?",
    "praise": "Thank you, that is lovely to hear!",
    "bye": "Goodbye, and thank you for writing to {shop}.",
    "hello": "Hello! What can I do for you?",
}
WORDS_MAX = 14  # more words than that are about something


def answer(text, shop):
    """The answer to a message that is only small talk, or ""."""
    short = len(text.split()) <= WORDS_MAX
    for kind, pattern in _KINDS:
        if pattern.search(text) and (short or kind in ("who", "name", "can")):
            return _SAYS[kind].format(shop=shop or "this shop")
    return ""
