"""Cutting sections into passages: at paragraphs, then sentences, then words; never losing text."""

import re
from collections.abc import Iterable

from msgspec import Struct

from hyperpersonal_core.memory.documents import Document, Section

PASSAGE_CHARS_MAX = 900
_PARAGRAPH = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_SPACE = re.compile(r"\s+")


class Chunk(Struct, frozen=True):
    """One passage to be: its heading and at most 900 characters."""

    heading: str
    body: str


def chunks_of(document: Document) -> list[Chunk]:
    """The passages of a document in order; one with only a title is its own passage."""
    chunks = [chunk for section in document.sections for chunk in _cut(section)]
    return chunks or [Chunk("", document.title)]


def embedded_text(title: str, chunk: Chunk) -> str:
    """What is embedded of a passage: it must be understood without its article."""
    return ". ".join(part for part in (title, chunk.heading, chunk.body) if part)


def _cut(section: Section) -> list[Chunk]:
    bodies = _pack(_pieces(section.text), PASSAGE_CHARS_MAX)
    if not bodies and section.heading.strip():
        bodies = [section.heading]
    return [Chunk(section.heading, body) for body in bodies]


def _pieces(text: str) -> Iterable[tuple[str, str]]:
    """(glue, piece) with every piece at most the limit; the glue joins it to the one before."""
    for paragraph in filter(None, map(str.strip, _PARAGRAPH.split(text))):
        if len(paragraph) <= PASSAGE_CHARS_MAX:
            yield "\n\n", paragraph
            continue
        for sentence in filter(None, map(str.strip, _SENTENCE.split(paragraph))):
            for word in _SPACE.split(sentence) if len(sentence) > PASSAGE_CHARS_MAX else [sentence]:
                for start in range(0, len(word), PASSAGE_CHARS_MAX):
                    yield " " if start == 0 else "", word[start : start + PASSAGE_CHARS_MAX]


def _pack(pieces: Iterable[tuple[str, str]], chars_max: int) -> list[str]:
    bodies: list[str] = []
    for glue, piece in pieces:
        if bodies and len(bodies[-1]) + len(glue) + len(piece) <= chars_max:
            bodies[-1] += glue + piece
        else:
            bodies.append(piece)
    return bodies
