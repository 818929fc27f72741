"""A reviewer must see what runs: no reordering or invisible characters (CVE-2021-42574)."""

from collections.abc import Iterator

from hyperpersonal_sdk.checks.reading import TEXTS, Reading, encoding_of, lines
from hyperpersonal_sdk.checks.rule import Finding
from hyperpersonal_sdk.hidden_text import first_hidden

NAME = "hidden_text"
REASON = "Invisible or reordering characters show a reviewer other code than the one that runs."
FIX = "Save the file as UTF-8 and take the character out, or write it as an escape (\\u200b)."
WAIVABLE = False
CODE = "bad_encoding"


def check(reading: Reading) -> Iterator[Finding]:
    """Files that are not UTF-8, and every line that hides something."""
    for path, data in reading.files.items():
        if path.endswith(TEXTS):
            wrong = _encoding(path, data)
            if wrong:
                yield wrong
                continue
        for number, line in lines(reading.texts.get(path, "")):
            hidden = first_hidden(line)
            if hidden:
                yield Finding(f"{path}:{number}", f"holds the invisible character {hidden}")


def _encoding(path: str, data: bytes) -> Finding | None:
    """What reviewer and interpreter both read: UTF-8, whatever a comment says (PEP 263)."""
    try:
        data.decode()
        named = encoding_of(data) if path.endswith(".py") else "utf-8"
    except (UnicodeDecodeError, SyntaxError) as error:
        return Finding(path, f"is not UTF-8: {error}", CODE)
    return None if named == "utf-8" else Finding(path, f"names the encoding {named}", CODE)
