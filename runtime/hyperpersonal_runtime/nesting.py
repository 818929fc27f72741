"""How deep JSON from a guest may be nested: decoders, and all who walk it later, use the stack."""

import re

NESTING_MAX = 64
_OTHERS = re.compile(r"[^\[\]{}]+")


def too_deep(text: str) -> bool:
    """Whether a JSON text is nested more than NESTING_MAX levels.

    Most texts have fewer brackets than that, and are not looked at further. Else the innermost
    pairs are taken off level by level; what is left is too deep, or no JSON at all.
    """
    if text.count("[") + text.count("{") <= NESTING_MAX:
        return False
    outside_strings = text.replace("\\\\", "").replace('\\"', "").split('"')[::2]
    brackets = _OTHERS.sub("", "".join(outside_strings))
    for _ in range(NESTING_MAX):
        if not brackets:
            return False
        brackets = brackets.replace("[]", "").replace("{}", "")
    return bool(brackets)
