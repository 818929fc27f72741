"""Characters a reader does not see, or that turn round what he reads.

Source: Unicode 16, Default_Ignorable_Code_Point; Unicode TR 36, section 2; CVE-2021-42574.
Variation selectors have carried whole programs through reviews of editors' extensions, so they
count too, except one that picks the look of the symbol right before it.
"""

import re
import unicodedata

INVISIBLE = frozenset({"Cf", "Co"})  # format (reordering, zero width) and private use
CONTROL = frozenset({"Cc", "Cs"})
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
_LOOKS = "\ufe0e\ufe0f"


def first_hidden(text: str, categories: frozenset[str] = INVISIBLE) -> str:
    """The first character that hides, as `U+200B`; '' when there is none."""
    if text.isascii() and not categories & CONTROL:
        return ""
    for before, char in zip(" " + text, text, strict=False):
        if unicodedata.category(char) in categories or _IGNORABLE.match(char):
            if char in _LOOKS and unicodedata.category(before) == "So":
                continue
            return f"U+{ord(char):04X}"
    return ""
