"""JavaScript and TypeScript as tokens: enough to tell code from strings and comments."""

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from hyperpersonal_sdk.checks.reading import Reading, Words

Kind = Literal["comment", "string", "pattern", "name", "number", "mark"]

_TOKEN = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)"
    r"|(?P<string>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)"
    r"|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<pattern>(?<=[=(,:;!&|?{}\[\n])[ \t]*/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[*])+/\w*)"
    r"|(?P<mark>\S)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u\{?([0-9a-fA-F]{4,6})\}?|(.))", re.DOTALL)


class Token(Struct, frozen=True):
    """A piece of a script. `text` of a string is what it holds, escapes undone."""

    kind: Kind
    text: str
    line: int


def tokens(source: str) -> list[Token]:
    """The pieces, in order."""
    found, line, at = [], 1, 0
    for match in _TOKEN.finditer(source):
        line += source.count("\n", at, match.start())
        at = match.start()
        kind: Kind = match.lastgroup  # type: ignore[assignment]
        text = match[0]
        found.append(Token(kind, _unescaped(text[1:-1]) if kind == "string" else text, line))
    return found


def _unescaped(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        if not code:
            return {"n": "\n", "t": "\t"}.get(found[3], found[3])
        number = int(code, 16)
        return chr(number) if number < 0x110000 else ""

    return _ESCAPE.sub(one, text)


def strings(reading: Reading) -> Iterator[Words]:
    """Strings, those joined by `+` as one, and comments, of every script."""
    for path, source in reading.scripts.items():
        joined: list[Token] = []
        before = ""
        for token in tokens(source):
            if token.kind == "comment":
                yield Words(path, token.line, token.text.strip("/* \n"))
                continue
            if token.kind == "string" and before != "+":
                yield from _told(path, joined)
                joined = []
            if token.kind == "string":
                joined.append(token)
            before = token.text if token.kind == "mark" else ""
        yield from _told(path, joined)


def _told(path: str, joined: list[Token]) -> Iterator[Words]:
    if joined:
        yield Words(path, joined[0].line, "".join(token.text for token in joined))
