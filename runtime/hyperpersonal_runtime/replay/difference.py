"""What differs between two runs, named so that a person can judge it. Pure values."""

from typing import Literal

from msgspec import Struct

Kind = Literal[
    "outcome", "text", "status", "handoff", "confidence", "evidence", "state", "answer", "logs",
    "tool dropped", "tool added", "arguments", "field", "order", "recipient", "host", "money",
    "refused", "cost", "parted",
]  # fmt: skip

# Of these a reviewer wants to know first: something may leave, move or reach somebody new.
GRAVE: frozenset[Kind] = frozenset({"field", "recipient", "host", "money", "refused", "outcome"})
CHARS_MAX = 2_000


class Difference(Struct, frozen=True):
    """One difference. `path`: the host call it appeared at, or the hook call's own ('' is the first
    agent). `before` and `after`: what it was and is, shortened; `words` say it."""

    kind: Kind
    path: str
    words: str
    before: str = ""
    after: str = ""

    @property
    def grave(self) -> bool:
        """Whether it is of the kinds to look at first."""
        return self.kind in GRAVE


def difference(kind: Kind, path: str, words: str, before: str = "", after: str = "") -> Difference:
    """A difference with its texts shortened."""
    return Difference(kind, path, words, _short(before), _short(after))


def _short(text: str) -> str:
    return text if len(text) <= CHARS_MAX else text[:CHARS_MAX] + "…"
