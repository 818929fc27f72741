"""Whom and what a release's sources name: hosts, addresses and tools written out in them."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from hyperpersonal_sdk.checks import python_words, script_words
from hyperpersonal_sdk.checks.reading import TESTS

from hyperpersonal_registry.checks.examination import Play

WORD_CHARS_MAX, WORDS_MAX = 60, 16
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
    for text in _texts(play):
        for url in _URL.findall(text):
            host = _host(url)
            if host:
                found[host] = "host"
        found |= {mail.lower(): "recipient" for mail in _MAIL.findall(text)}
        if _TOOL.fullmatch(text) and _WRITES.search(text):
            found[text] = "tool"
    return found


def new_words(before: Play, release: Play) -> list[str]:
    """Short texts that stand in the release's code and not in that of the one before: what might
    wake something in it."""
    known = set(_texts(before))
    short = (text.strip() for text in _texts(release) if text not in known)
    found = dict.fromkeys(text for text in short if 1 < len(text) <= WORD_CHARS_MAX)
    return list(found)[:WORDS_MAX]


def _texts(play: Play) -> Iterator[str]:
    for path, tree in play.reading.own_modules.items():
        yield from (words.text for words in python_words.strings_of(path, tree))
    for words in script_words.strings(play.reading):
        if not words.path.startswith(TESTS):
            yield words.text
    for path, text in play.reading.texts.items():  # data that code reads
        if path.endswith((".json", ".toml", ".txt")) and not path.startswith(TESTS):
            yield from text.splitlines() if not path.endswith("package-lock.json") else ()


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return url.lower()
