"""Reading a merchant's documents: Markdown, HTML, plain text and JSON Lines become articles.

Rules: headings stay with the text below them; no text is lost between a document and its
passages; every size has a limit. Unknown formats are refused with what we can read.
"""

import itertools
from pathlib import PurePath
from typing import Any

import msgspec
from markdown_it import MarkdownIt
from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from hyperpersonal_core.kit.errors import RefusedError, TooLargeError

DOCUMENT_BYTES_MAX = 4 * 1024 * 1024
TITLE_CHARS_MAX = 200
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = frozenset({"p", "li", "dt", "dd", "td", "th", "pre", "blockquote", "figcaption"})
_UNREAD = "script, style, nav, footer, noscript, template"


class Section(Struct, frozen=True):
    """Text under one heading (empty: above the first)."""

    heading: str
    text: str


class Document(Struct, frozen=True):
    """One article as imported. `external_id` is stable over re-imports; `agent` may be empty."""

    external_id: str
    title: str
    sections: tuple[Section, ...]
    agent: str = ""
    source: str = ""


class _Step(Struct):
    text: str = ""
    button: str = ""
    details: list[str] = []


class _Line(Struct):
    id: str
    title: str
    agent: str = ""
    flow_description: str | None = None
    instructions: list[str] = []
    steps: list[_Step] = []
    text: str = ""
    source: str = ""


def read_documents(name: str, data: bytes) -> list[Document]:
    """The articles in one file.

    Args:
        name: the file's name; its ending tells the format (.md, .html, .txt, .jsonl).
        data: at most 4 MiB, UTF-8.

    Raises:
        RefusedError: another format, or not readable as this one; says where.
        TooLargeError: over the limit.
    """
    if len(data) > DOCUMENT_BYTES_MAX:
        raise TooLargeError(f"{name} is over {DOCUMENT_BYTES_MAX} bytes: import it in parts")
    path = PurePath(name)
    readers = {".md": _markdown, ".markdown": _markdown, ".html": _html, ".htm": _html}
    readers |= {".txt": _plain, ".jsonl": _json_lines}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise RefusedError(f"{name}: we read {', '.join(sorted(readers))}", name=name)
    try:
        return reader(path, data.decode("utf-8-sig").replace("\x00", ""))
    except UnicodeDecodeError as error:
        raise RefusedError(f"{name} is not UTF-8 text (byte {error.start})", name=name) from error


def _markdown(path: PurePath, text: str) -> list[Document]:
    sections = markdown_sections(text)
    title = next((s.heading for s in sections if s.heading), path.stem)
    return _document(path, title, sections)


def markdown_sections(text: str) -> list[Section]:
    """Sections by heading; the Markdown of each body is kept as written."""
    lines = text.splitlines()
    sections: list[Section] = []
    heading, start = "", 0
    tokens = MarkdownIt().parse(text)
    for token, inline in itertools.pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            sections.append(Section(heading, "\n".join(lines[start : token.map[0]]).strip()))
            heading, start = inline.content, token.map[1]
    sections.append(Section(heading, "\n".join(lines[start:]).strip()))
    return [section for section in sections if section.heading or section.text]


def _html(path: PurePath, text: str) -> list[Document]:
    tree = LexborHTMLParser(text)
    for node in tree.css(_UNREAD):
        node.decompose()
    title_node = tree.css_first("title") or tree.css_first("h1")
    title = title_node.text(strip=True) if title_node else path.stem
    sections: list[Section] = []
    heading, parts = "", list[str]()
    for tag, words in _html_blocks(tree.body):
        if tag in _HEADINGS:
            sections.append(Section(heading, "\n\n".join(parts)))
            heading, parts = words, []
        else:
            parts.append(words)
    sections.append(Section(heading, "\n\n".join(parts)))
    return _document(path, title, [s for s in sections if s.heading or s.text])


def _html_blocks(body: LexborNode | None) -> list[tuple[str, str]]:
    """(tag, text) of each run of text, in order; a block inside a block is read once."""
    blocks: list[tuple[str, str]] = []
    for node in body.traverse(include_text=True) if body else ():
        if node.tag != "-text" or not (words := " ".join(node.text(deep=False).split())):
            continue
        owner = node.parent
        while owner and owner.tag not in _HEADINGS | _BLOCKS | {"body"}:
            owner = owner.parent
        key = (owner.tag or "body", owner.mem_id) if owner else ("body", 0)
        if blocks and blocks[-1][0] == f"{key[0]}:{key[1]}" and key[0] != "body":
            blocks[-1] = (blocks[-1][0], f"{blocks[-1][1]} {words}")
        else:
            blocks.append((f"{key[0]}:{key[1]}", words))
    return [(tag.partition(":")[0], words) for tag, words in blocks]


def _plain(path: PurePath, text: str) -> list[Document]:
    first, _, rest = text.strip().partition("\n")
    titled = len(first) <= TITLE_CHARS_MAX and rest.strip()
    title, body = (first.strip(), rest.strip()) if titled else (path.stem, text.strip())
    return _document(path, title, [Section("", body)])


def _json_lines(path: PurePath, text: str) -> list[Document]:
    return [
        _json_line(path, number, line)
        for number, line in enumerate(text.split("\n"), 1)  # other line ends may stand in texts
        if line.strip()
    ]


def _json_line(path: PurePath, number: int, line: str) -> Document:
    try:
        if "\\u0000" in line:
            raise ValueError("holds a NUL character")
        row = msgspec.json.decode(line, type=_Line)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{path.name}, line {number}: {error}", line=number) from error
    opening = [part for part in (row.flow_description or "", *row.instructions) if part]
    sections = [Section("", "\n\n".join(opening))] if opening else []
    sections += [Section(step.button, _step_text(step)) for step in row.steps]
    sections += markdown_sections(row.text)
    return Document(row.id, row.title[:TITLE_CHARS_MAX], tuple(sections), row.agent, row.source)


def _step_text(step: _Step) -> str:
    return "\n".join([step.text, *(f"- {detail}" for detail in step.details)]).strip()


def _document(path: PurePath, title: str, sections: list[Section]) -> list[Document]:
    if not any(section.text or section.heading for section in sections):
        raise RefusedError(f"{path.name} has no text", name=path.name)
    source: dict[str, Any] = {"source": path.name}
    return [Document(path.as_posix(), title[:TITLE_CHARS_MAX], tuple(sections), **source)]
