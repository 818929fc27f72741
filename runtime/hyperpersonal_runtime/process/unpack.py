"""Unpacks wheels into one folder and compiles their sources: `unpack.py WHEELS TARGET BYTES FILES`.

A program of its own, run behind the wall with no network: it reads archives that strangers made.
It runs nothing of them: no `.pth`, no script, no build. The standard library only.

Rules (PEP 427 says what a wheel is):
1. Names are relative, of plain characters, and stay inside; no links; no name twice.
2. What is written is counted as it is written: what an archive says of its sizes is not believed.
3. Of a wheel's `.data` folder only modules are taken; scripts and headers are nobody's here.
"""

import compileall
import re
import stat
import sys
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

PART = re.compile(r"[A-Za-z0-9_+@~ .,()\[\]=!&%$#'-]{1,200}")
NAME_CHARS_MAX = 300
BLOCK_BYTES = 1 << 20
MODULES = ("purelib", "platlib")


class WheelError(Exception):
    """A wheel may not be unpacked; the words say which and why."""


class Budget:
    """What may still be written."""

    def __init__(self, bytes_max: int, files_max: int) -> None:
        self.bytes_left, self.files_left = bytes_max, files_max

    def take(self, size: int, files: int = 0) -> None:
        self.bytes_left -= size
        self.files_left -= files
        if self.bytes_left < 0 or self.files_left < 0:
            raise WheelError("unpacks to more than is allowed")


def unpack(wheel: Path, target: Path, budget: Budget) -> None:
    """One wheel's modules and metadata. Raises WheelError."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                name = place_of(entry)
                if name:
                    _write(archive, entry, target / name, budget)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise WheelError(f"is no readable wheel: {error}") from None


def place_of(entry: zipfile.ZipInfo) -> str:
    """Where a file goes, relative; '' when it is not taken. Raises WheelError."""
    name, kind = entry.filename, stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise WheelError(f"holds a link or a device: {name[:80]!r}")
    parts = name.rstrip("/").split("/")
    if len(name) > NAME_CHARS_MAX or not all(map(_is_plain, parts)):
        raise WheelError(f"holds a file that may not be so named: {name[:80]!r}")
    if entry.is_dir() or name.endswith(".pth"):
        return ""
    if parts[0].endswith(".data"):
        return "/".join(parts[2:]) if parts[1:2] and parts[1] in MODULES else ""
    return "/".join(parts)


def _is_plain(part: str) -> bool:
    return part not in {"", ".", ".."} and PART.fullmatch(part) is not None


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, budget: Budget) -> None:
    budget.take(0, files=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as source, path.open("xb") as copy:
            while block := source.read(BLOCK_BYTES):
                budget.take(len(block))
                copy.write(block)
    except FileExistsError:
        raise WheelError(f"holds {path.name!r}, which is there already") from None


def main(wheels: Path, target: Path, bytes_max: int, files_max: int) -> None:
    """Unpack all, then compile: later starts read no source."""
    budget = Budget(bytes_max, files_max)
    for wheel in sorted(wheels.glob("*.whl")):
        try:
            unpack(wheel, target, budget)
        except WheelError as error:
            sys.exit(f"{wheel.name} {error}")
    compileall.compile_dir(
        target, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH, stripdir=target
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
