"""An archive as the rules read it: texts, syntax trees and words, each read once for all rules."""

import ast
import io
import tokenize
from collections.abc import Iterator
from datetime import date
from functools import cached_property

from msgspec import Struct

from hyperpersonal_sdk.errors import ManifestError
from hyperpersonal_sdk.hpx import Archive, is_wheel
from hyperpersonal_sdk.manifest import Manifest

TEXTS = (".py", ".ts", ".js", ".toml", ".json", ".md", ".txt")  # these must be UTF-8
SCRIPTS = (".ts", ".js", ".mjs", ".cjs", ".tsx", ".jsx", ".mts")
COMPONENT = b"\0asm\x0d\0\1\0"  # component-model/design/mvp/Binary.md: version 0d, layer 1
PICTURES = (b"\x89PNG\r\n\x1a\n", b"RIFF")
TESTS = "tests/"


class Words(Struct, frozen=True):
    """A text somebody or some model may read, and where it starts."""

    path: str
    line: int
    text: str

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class Reading:
    """One archive, read once.

    Args:
        archive: unpacked, so it is canonical.
        today: what counts as now for data that goes stale; the machine's date when left out.
        advisories: the file of known vulnerabilities; the one shipped when left out.
    """

    def __init__(
        self, archive: Archive, *, today: date | None = None, advisories: bytes | None = None
    ) -> None:
        self.archive = archive
        self.today = today
        self.advisories = advisories

    @property
    def files(self) -> dict[str, bytes]:
        """Every file of the archive."""
        return self.archive.files

    @cached_property
    def manifest(self) -> Manifest | None:
        """What the plugin says of itself; None when that cannot be read (rule `manifest`)."""
        try:
            return self.archive.manifest
        except (ManifestError, UnicodeDecodeError):
            return None

    @cached_property
    def texts(self) -> dict[str, str]:
        """Every file people read, by path: whatever is UTF-8 and neither picture nor program."""
        found: dict[str, str] = {}
        for path, data in self.files.items():
            if is_wheel(path) or b"\0" in data or data.startswith(PICTURES):
                continue
            try:
                found[path] = data.decode()
            except UnicodeDecodeError:  # rule `hidden_text` or `archive` says it
                continue
        return found

    @cached_property
    def modules(self) -> dict[str, ast.Module]:
        """The syntax tree of every Python file that has one (rule `sources` says of the others)."""
        found = {}
        for path, text in self.texts.items():
            if path.endswith(".py"):
                try:
                    found[path] = ast.parse(text, path)
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    continue
        return found

    @cached_property
    def scripts(self) -> dict[str, str]:
        """The sources of JavaScript and TypeScript."""
        return {path: text for path, text in self.texts.items() if path.endswith(SCRIPTS)}

    @property
    def own_modules(self) -> dict[str, ast.Module]:
        """Those that run in a shop: without the plugin's tests."""
        return {path: tree for path, tree in self.modules.items() if not path.startswith(TESTS)}


def encoding_of(data: bytes) -> str:
    """The encoding a Python file names, or the one it has (PEP 263). Raises SyntaxError."""
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, from 1."""
    yield from enumerate(text.splitlines(), 1)
