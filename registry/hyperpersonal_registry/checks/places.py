"""Whom and what a release's sources name: hosts, addresses and tools written out in them."""

import ast
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from hyperpersonal_sdk.checks import python_words, script_words
from hyperpersonal_sdk.checks.reading import TESTS

from hyperpersonal_registry.checks.examination import Play
from hyperpersonal_registry.checks.points import accounts
from hyperpersonal_registry.checks.scene import KEY

WORD_CHARS_MAX, WORDS_MAX, NUMBERS_MAX = 60, 16, 4
_NAMES_ONLY = frozenset({"json-schema.org", "www.w3.org", "schema.org"})  # identifiers, not places
_URL = re.compile(r"(?:https?|wss?)://[^\s\"'<>)\]}]+", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TOOL = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){2,}")
_WRITES = re.compile(
    r"\.(?:set|create|cancel|delete|send|update|refund|charge|remove|add|write|pay|issue|transfer|"
    r"void|capture|forward)[a-z_]*$"
)


def places(play: Play) -> dict[str, str]:
    """Place -> its kind (`host`, `recipient`, `tool`), of the code that runs in a shop."""
    found: dict[str, str] = {}
    for text in _texts(play, unread=True):
        for url in _URL.findall(text):
            host = _host(url)
            if f"(+{url}" in text:  # who asks, in a User-Agent (RFC 9110, 10.1.5)
                continue
            if host and host not in _NAMES_ONLY:
                found[host] = "host"
    for text in _texts(play):  # what is only an example mails nobody
        found |= {mail.lower(): "recipient" for mail in _MAIL.findall(text)}
        found |= dict.fromkeys(accounts(text), "account")
        if _TOOL.fullmatch(text) and _WRITES.search(text):
            found[text] = "tool"
    return found


def new_words(before: Play, release: Play) -> list[str]:
    """Short texts that stand in the release's code and not in that of the one before: what might
    wake something in it."""
    known = set(_texts(before))
    short = (text.strip() or text for text in _texts(release) if text not in known)
    found = dict.fromkeys(text for text in short if _may_wake(text))
    return list(found)[:WORDS_MAX]


def _may_wake(text: str) -> bool:
    if re.match(r"\w+ = ", text):  # a line of a table
        return False
    return 1 < len(text) <= WORD_CHARS_MAX or (len(text) == 1 and not text.isascii())


def literals(play: Play) -> set[str]:
    """Texts that stand in its sources as they are, and the key of a scene's call: of no person."""
    return {*_texts(play), KEY}


def words_of(play: Play) -> str:
    """The single words of its sources, as one text: what a guard may look for."""
    single = dict.fromkeys(text for text in _texts(play) if re.fullmatch(r"[^\W\d_]{3,20}", text))
    return " ".join(list(single)[:WORDS_MAX])


def new_numbers(before: Play, release: Play) -> list[int]:
    """Whole numbers that stand in one of the two and not in the other: where one may draw a line
    that the other does not."""
    was, now = set(_numbers(before)), set(_numbers(release))
    return sorted(was ^ now)[:NUMBERS_MAX]


def _numbers(play: Play) -> Iterator[int]:
    for tree in play.reading.own_modules.values():
        for node in ast.walk(tree):
            value = node.value if isinstance(node, ast.Constant) else None
            if type(value) is int and 1 < value < 1 << 53:
                yield value


def _texts(play: Play, *, unread: bool = False) -> Iterator[str]:
    """Texts of code, and of data that code reads; `unread`: of other data too."""
    for path, tree in play.reading.own_modules.items():
        yield from (words.text for words in python_words.strings_of(path, tree))
    for words in script_words.strings(play.reading):
        if not words.path.startswith(TESTS):
            yield words.text
    for path, text in play.reading.texts.items():  # data that code reads
        if (
            path.endswith((".json", ".toml", ".txt"))
            and not path.startswith(TESTS)
            and (unread or _is_read(play, path))
        ):
            yield from text.splitlines() if not path.endswith("package-lock.json") else ()


def _is_read(play: Play, path: str) -> bool:
    """Whether code may read a file: it lies with the code, or somebody names it."""
    folder, _, name = path.rpartition("/")
    beside = any(one.rpartition("/")[0] == folder for one in play.reading.own_modules)
    sources = [*play.reading.scripts.values(),
               *(play.reading.texts[one] for one in play.reading.own_modules)]  # fmt: skip
    return not folder or beside or any(name in one or folder in one for one in sources)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return url.lower()
