"""Texts that order a language model, a reviewer or a merchant about: prompts are code.

Every text is read: prompts, tool descriptions, markdown, comments, strings as they are when their
pieces are put together, and what base64 in them says. A rule is a meeting of meanings in one
sentence (an order to set aside, and what is set aside), not a list of known attacks; a sentence
that forbids or reports the same ("if a shopper asks you to ignore these rules, refuse") is none.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator

from hyperpersonal_sdk.checks import pictures, python_words, script_words
from hyperpersonal_sdk.checks.injection_words import (
    CHOSEN,
    FAMILIES,
    FORBIDDEN,
    QUOTED,
    REPORTED,
    TRIED,
    Family,
)
from hyperpersonal_sdk.checks.reading import SCRIPTS, Reading, Words
from hyperpersonal_sdk.checks.rule import Finding

NAME = "injection"
REASON = "A text that orders a model about acts for its writer, with the merchant's rights."
FIX = "Say what the plugin does, openly, in the manifest; give a model facts and its own task."
WAIVABLE = True

SENTENCE_CHARS_MAX = 600
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n\s*\n|\n(?=\s*(?:[-*#>|\d]|</?\w))")
_OF_ATTACKS = re.compile(r"\b(?:attack|inject|abuse|phish|malicious|trick)\w*", re.IGNORECASE)
_OF_PATTERNS = re.compile(r"\\[bswdSWD]|\(\?|[)\]][?*+]|\w\|\w|\)\||\|\(")
_ENCODED = re.compile(r"[A-Za-z0-9+/]{32,}={0,2}")


def check(reading: Reading) -> Iterator[Finding]:
    """Sentences that give orders no honest text gives."""
    for words in texts(reading):
        for sentence in sentences(words.text):
            family = meant(sentence)
            if family:
                shown = " ".join(sentence.split())[:120]
                yield Finding(words.where, f"{family.what}: “{shown}”")


def texts(reading: Reading) -> Iterator[Words]:
    """Everything a person or a model may read, and what is encoded in it."""
    for words in _plain(reading):
        yield words
        for found in _ENCODED.finditer(words.text):
            decoded = _decoded(found[0])
            if decoded:
                yield Words(words.path, words.line, decoded)


def sentences(text: str) -> Iterator[str]:
    """The sentences, in one form: compatibility letters written out, small, single blanks."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    for part in _SENTENCES.split(plain):
        words = " ".join(part.split())
        for start in range(0, len(words), SENTENCE_CHARS_MAX // 2):
            yield words[start : start + SENTENCE_CHARS_MAX]
            if start + SENTENCE_CHARS_MAX >= len(words):
                break


def meant(sentence: str) -> Family | None:
    """The family of attack a sentence belongs to."""
    for family in FAMILIES:
        for found in family.pattern.finditer(sentence):
            before = sentence[: found.start()]
            forbidden = family.can_be_forbidden and (
                FORBIDDEN.search(before[-60:])
                or any(one.search(before) for one in (REPORTED, QUOTED, CHOSEN))
                or TRIED.search(sentence[found.end() :])
            )
            if not forbidden:
                return family
    return None


def _plain(reading: Reading) -> Iterator[Words]:
    for path, text in reading.texts.items():
        if path.endswith(".py") and path in reading.modules:
            continue
        if path.endswith(SCRIPTS):
            continue
        yield from _unquoted(_blocks(path, text))
    yield from pictures.words(reading)
    yield from (one for one in python_words.strings(reading) if not _is_pattern(one.text))
    yield from script_words.strings(reading)


def _is_pattern(text: str) -> bool:
    """A regular expression that looks for such texts: its alternatives are no sentences."""
    return "|" in text and len(_OF_PATTERNS.findall(text)) > 1 and not _SENTENCES.search(text)


def _unquoted(blocks: Iterator[Words]) -> Iterator[Words]:
    """Without the block quotes below a text that says what attackers write."""
    before = ""
    for block in blocks:
        quote = all(line.lstrip().startswith(">") for line in block.text.splitlines())
        if not (quote and _OF_ATTACKS.search(before)):
            yield block
            before = block.text


def _blocks(path: str, text: str) -> Iterator[Words]:
    """Paragraphs with the line they start on."""
    block: list[str] = []
    start = 1
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            start = number if not block else start
            block.append(line)
        elif block:
            yield Words(path, start, "\n".join(block))
            block = []
    if block:
        yield Words(path, start, "\n".join(block))


def _decoded(text: str) -> str:
    """What base64 says, if that is a text."""
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return found if found.isprintable() and " " in found else ""
