"""A folder of evaluation data: utterances, out-of-scope messages, articles, conversations.

Rules: a missing file skips what needs it and is named; rows are never in both parts of a split,
which is by a hash of the text, so it is the same on every machine.
"""

import hashlib
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from hyperpersonal_core.kit.errors import RefusedError
from msgspec import Struct

OPENING_WORDS_LEAST = 8
T = TypeVar("T")


class Slot(Struct, frozen=True):
    type: str
    value: str


class Sample(Struct, frozen=True):
    """One labelled message. `accept`: agents that may also take it."""

    text: str
    agent: str
    accept: list[str] = []
    intent: str = ""
    source: str = ""
    set: str = ""
    kind: str = ""
    slots: list[Slot] = []
    escalate: bool = False
    kb_article: str = ""

    @property
    def group(self) -> str:
        """What results are reported by."""
        return self.set or self.source or "all"


class Talk(Struct, frozen=True):
    """A conversation between two people; `turns` have `role` and `text`."""

    id: str
    agent: str
    turns: list[dict[str, Any]]
    accept: list[str] = []
    kb_article: str = ""
    escalate: bool = False

    def opening(self) -> str:
        """What the shopper says until the matter is named: whole lines, at least eight words.

        A greeting alone names none, so the shopper's next lines are taken with it.
        """
        words: list[str] = []
        for turn in self.turns:
            if turn["role"] == "customer":
                words += str(turn["text"]).split()
            elif len(words) >= OPENING_WORDS_LEAST:
                break
        return " ".join(words)


class Folder(Struct, frozen=True):
    """What was found. Empty lists stand for files that are `missing`."""

    path: Path
    samples: list[Sample]
    foreign: list[Sample]
    talks: list[Talk]
    knowledge: bytes
    missing: list[str]


def read_folder(path: Path) -> Folder:
    """Read a folder of the shape of `hp eval`.

    Raises:
        RefusedError: the folder is not there, or a line is malformed; says which.
    """
    if not path.is_dir():
        raise RefusedError(f"there is no folder {path}")
    names = ("utterances.jsonl", "out_of_scope.jsonl", "conversations.jsonl", "knowledge.jsonl")
    knowledge = path / "knowledge.jsonl"
    return Folder(
        path,
        _rows(path / names[0], Sample),
        _rows(path / names[1], Sample),
        _rows(path / names[2], Talk),
        knowledge.read_bytes() if knowledge.exists() else b"",
        [name for name in names if not (path / name).exists()],
    )


def held_out(text: str, split: float, fold: int = 0) -> bool:
    """Whether a text belongs to the tested part of this fold; every text does in exactly one."""
    place = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32
    return int(place / split) == fold


def _rows(path: Path, kind: type[T]) -> list[T]:
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            rows.append(msgspec.json.decode(line, type=kind))
        except msgspec.DecodeError as error:
            raise RefusedError(f"{path.name}, line {number}: {error}") from error
    return rows
