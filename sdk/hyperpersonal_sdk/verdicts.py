"""What a check says of a release: passed, failed, could not tell, or was not run.

There is no truth value in between: a scanner that crashed, hung or was killed says ERROR, and
nothing but PASS of every required check lets a release through.
"""

from typing import Literal

from msgspec import Struct

DETAILS_MAX = 20
DETAIL_CHARS_MAX = 300
REASON_CHARS_MAX = 600

Word = Literal["PASS", "FAIL", "ERROR", "SKIPPED"]


class Verdict(Struct, frozen=True):
    """One check's word. `reason`: a sentence for the author, what to do; `detail`: the places, at
    most 20."""

    check: str
    verdict: Word
    reason: str = ""
    detail: tuple[str, ...] = ()


def verdict(check: str, word: Word, reason: str = "", detail: tuple[str, ...] = ()) -> Verdict:
    """A verdict whose texts are within bounds."""
    shown = tuple(_short(one, DETAIL_CHARS_MAX) for one in detail[:DETAILS_MAX])
    if len(detail) > DETAILS_MAX:
        shown = (*shown[:-1], f"and {len(detail) - DETAILS_MAX + 1} more")
    return Verdict(check, word, _short(reason, REASON_CHARS_MAX), shown)


def advice(one: Verdict) -> str:
    """What to do; without the first place, where the reason begins with it: `detail` tells it."""
    first = one.detail[0] if one.detail else ""
    said = one.reason.removeprefix(first).lstrip(". ") if first else one.reason
    return said or one.reason


def _short(text: str, chars_max: int) -> str:
    return text if len(text) <= chars_max else text[: chars_max - 1] + "…"
