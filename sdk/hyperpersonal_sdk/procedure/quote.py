"""The last resort of every agent: the merchant's own article, or the next agent, or a person."""

from hyperpersonal_sdk.procedure import policy, words


def article(case, *, else_handoff=True):
    """A reply quoting the passage that answers best; without one, a handoff or a decline."""
    found = policy.best(case.text, case.passages)
    if found:
        quoted, passage = found
        case.trail.passage(passage, quoted)
        confidence = min(0.9, 0.4 + passage.get("score", 0.0) / 2)
        title = passage.get("title") or "our help pages"
        return case.done(f"{quoted} (From \u201c{title}\u201d.)", confidence)
    if else_handoff:
        return case.handoff("not_able", words.HANDOFF)
    return case.declined()
