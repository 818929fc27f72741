r"""What changed in the sources from one release to the next, as a reviewer can trust to read it.

Rules:
1. Characters that hide or turn text round are shown as `\u202e`, never rendered.
2. What is not text is told by size and hash. What was left out is said: a cap never looks like an
   end.
3. Wheels are not unfolded here: their SBOM and the checks speak of them.
"""

import difflib
import hashlib
import re
from typing import Literal

from hyperpersonal_sdk.hidden_text import first_hidden
from hyperpersonal_sdk.hpx import Archive
from msgspec import Struct

FILE_LINES_MAX = 2_000
LINES_MAX = 20_000
LINE_CHARS_MAX = 1_000
TEXT_BYTES_MAX = 512 * 1024
_CONTROL = frozenset({"Cc", "Cs", "Cf", "Co"})
_PLAIN = re.compile(r"[\x20-\x7e\t]*")


class FileChange(Struct, frozen=True):
    """One file. `lines` are those of a unified diff; `left_out` how many more there are.

    `hidden`: whether the new text holds characters nobody sees. `note` speaks of what is no text.
    """

    path: str
    change: Literal["added", "removed", "changed"]
    lines: tuple[str, ...] = ()
    left_out: int = 0
    hidden: bool = False
    note: str = ""


class SourceDiff(Struct, frozen=True):
    """All files that differ, by path. `left_out`: lines that are not shown, of all files."""

    files: tuple[FileChange, ...]
    left_out: int = 0


def compare(old: Archive | None, new: Archive) -> SourceDiff:
    """What changed; of a first release (`old` None) every file is added."""
    before = old.files if old else {}
    room, files = LINES_MAX, []
    for path in sorted({*before, *new.files}):
        if before.get(path) == new.files.get(path):
            continue
        found = _file(path, before.get(path), new.files.get(path), min(FILE_LINES_MAX, room))
        room -= len(found.lines)
        files.append(found)
    return SourceDiff(tuple(files), sum(found.left_out for found in files))


def shown(line: str) -> str:
    """A line as it can be read without being deceived: what hides is written out."""
    cut = line[:LINE_CHARS_MAX]
    if _PLAIN.fullmatch(cut) is None:
        cut = "".join(_visible(char) for char in cut)
    return cut if len(line) <= LINE_CHARS_MAX else f"{cut}… ({len(line)} characters)"


def _file(path: str, old: bytes | None, new: bytes | None, lines_max: int) -> FileChange:
    change: Literal["added", "removed", "changed"] = (
        "added" if old is None else "removed" if new is None else "changed"
    )
    before, after = _text(old), _text(new)
    if before is None or after is None:
        return FileChange(path, change, note=f"{_told(old)} -> {_told(new)}")
    lines = [shown(line) for line in _unified(before, after)]
    return FileChange(
        path, change, tuple(lines[:lines_max]), max(0, len(lines) - lines_max), _hides(after)
    )


def _unified(before: str, after: str) -> list[str]:
    old, new = before.split("\n"), after.split("\n")
    if not before:
        return [f"+{line}" for line in new]
    if not after:
        return [f"-{line}" for line in old]
    return list(difflib.unified_diff(old, new, n=3, lineterm=""))[2:]


def _text(data: bytes | None) -> str | None:
    """The text of a file; None when it is none, or too much to compare."""
    if data is None:
        return ""
    if len(data) > TEXT_BYTES_MAX or b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _told(data: bytes | None) -> str:
    if data is None:
        return "nothing"
    return f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()[:16]}"


def _hides(text: str) -> bool:
    return any(first_hidden(line, _CONTROL) for line in text.replace("\t", " ").split("\n"))


def _visible(char: str) -> str:
    if char == "\t" or not first_hidden(char, _CONTROL):
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
