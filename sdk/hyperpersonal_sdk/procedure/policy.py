"""Answers out of the merchant's own articles: the fitting sentences, word for word."""

import re

from hyperpersonal_sdk.procedure.text import squeeze

SENTENCES_MAX = 2
SCORE_MIN = 0.30  # cosine below which a passage does not speak of the matter
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'])|\n+")
_WRAP = re.compile(r"(?<=\S)[ \t]*\n(?!\s*(?:[-*#>|]|\d+[.)]\s|\n))")  # a line that only goes on
_ID = re.compile(r"\S*\d\S*")  # order numbers and the like ask for nothing
_WORD = re.compile(r"[a-z]{3,}")
_MARK = re.compile(r"^[\s#*>\-\d.)]+|\*+|__|`")
_ROW = re.compile(r"^\s*\|(.*)\|\s*$")
_STOP = frozenset(
    """the and for you your are can how what with this that have has was were will does did not
    any our from they when where which who why would could should want need please help know
    tell get about into there their i'm""".split()
)


def _stems(text):
    return {w[:5] for w in _WORD.findall(squeeze(text)) if w not in _STOP}


def best(question, passages):
    """(quoted sentences, passage) that answer a question best, or None when none speaks of it."""
    wanted, found = _stems(_ID.sub(" ", question)), None
    for rank, passage in enumerate(passages):
        if passage.get("score", 0.0) < SCORE_MIN:
            continue
        quote, hits = _quote(wanted, passage)
        weight = hits + 2.0 * passage.get("score", 0.0) - 0.2 * rank
        if quote and (found is None or weight > found[0]):
            found = (weight, quote, passage)
    return (found[1], found[2]) if found else None


def _row(line):
    """A row of a table as a sentence: "Express: 1 to 2 business days, $14.95."."""
    row = _ROW.match(line)
    if not row:
        return line
    first, *others = [cell.strip() for cell in row.group(1).split("|")]
    return f"{first}: {', '.join(others)}." if others and first.strip("-: ") else ""


def _quote(wanted, passage):
    """The sentences of one passage that share most words with the question, in their order."""
    text = _WRAP.sub(" ", passage["text"])
    lines = [_MARK.sub("", _row(s)).strip() for s in _SENTENCE.split(text)]
    lines = [s for s in lines if len(s) > 20]
    heading = _stems(f"{passage.get('title', '')} {passage.get('heading', '')}")
    scored = [(len(wanted & _stems(s)), -i, s) for i, s in enumerate(lines)]
    best_first = sorted(scored, reverse=True)[:SENTENCES_MAX]
    kept = [line for line in best_first if line[0] > 0]
    hits = sum(score for score, _, _ in kept) + len(wanted & heading)
    return " ".join(s for _, _, s in sorted(kept, key=lambda line: -line[1])), hits
