"""The last resort of every agent: the merchant's own article, or the next agent, one question for
more words, and only then a person."""

from hyperpersonal_sdk.procedure import policy, smalltalk, words
from hyperpersonal_sdk.procedure.asks import Ask

QUESTION_WORDS_MIN = 5


def article(case, *, else_handoff=True):
    """A reply quoting the passage that answers best; without one a kind word for
    small talk, a question, then a handoff; or a decline."""
    found = policy.best(case.text, case.passages)
    if found:
        quoted, passage = found
        case.trail.passage(passage, quoted)
        confidence = min(0.9, 0.4 + passage.get("score", 0.0) / 2)
        title = passage.get("title") or "our help pages"
        return case.done(f"{quoted} (From \u201c{title}\u201d.)", confidence)
    kind = smalltalk.answer(case.text, case.turn.get("tenant_name"))
    if else_handoff and kind:
        return case.done(kind)
    if else_handoff and _is_vague(case.text) and not case.turn.shared.get("unclear"):
        case.shared["unclear"] = True
        return case.ask(Ask("unclear", words.TELL_MORE, "unclear"))
    if else_handoff:
        return case.handoff("not_able")
    return case.declined()


def _is_vague(text):
    """Worth a question back: a real question that no article answers is for a person at once."""
    return not ("?" in text and len(text.split()) >= QUESTION_WORDS_MIN)
