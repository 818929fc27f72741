"""Messages that name no matter: "I have a problem with my order", "can you help me?".

They are asked about once; guessing would send one in two to the wrong agent.
"""

import re
from collections.abc import Sequence

from hyperpersonal_core.memory.lexical import COMMON

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_EMPTY = frozenset(
    """problem problems issue issues trouble troubles help question questions something some thing
    things assistance support matter wrong about regarding concerning having im i'm one go went
    going any anything sorry really quick bit ask tell know let all again still here recent last
    recently made placed make assist able anyone someone""".split()
)
_ABOUT = {
    "order": ("order", "return"),
    "orders": ("order", "return"),
    "purchase": ("order", "return"),
    "purchases": ("order", "return"),
    "item": ("return", "product"),
    "items": ("return", "product"),
    "account": ("customer_success", "billing"),
}
VAGUE_WORDS_MAX = 14
_TROUBLE = frozenset(
    """problem problems issue issues trouble troubles help question questions wrong
    assist""".split()
)


def vague_choices(text: str, served: Sequence[str]) -> tuple[str, ...]:
    """The labels a vague message may mean (two for a named thing, else all); () if not vague."""
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    if len(words) > VAGUE_WORDS_MAX or not _TROUBLE & set(words):
        return ()
    telling = [word for word in words if word not in COMMON and word not in _EMPTY]
    if not telling:
        return tuple(label for label in served if label != "technical")
    choices = _ABOUT.get(telling[0], ()) if len(set(telling)) == 1 else ()
    return choices if set(choices) <= set(served) else ()
