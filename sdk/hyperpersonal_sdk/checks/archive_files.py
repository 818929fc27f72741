"""Every file is one a reviewer can read, and the digest is that of these very files."""

import re
from collections.abc import Iterator

from hyperpersonal_sdk import hpx
from hyperpersonal_sdk.checks.pictures import length_of
from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding

NAME = "archive"
REASON = "A program, an archive or a compiled file inside the archive is what nobody reviews."
FIX = "Ship sources; packages go to `wheels/` as their projects publish them."
WAIVABLE = False

# Programs, archives and compiled code by how they begin. Source: file(1), magic numbers.
_MAGIC = {
    b"\x7fELF": "a program (ELF)", b"MZ": "a program (Windows)", b"\xcf\xfa\xed\xfe": "a program",
    b"\xca\xfe\xba\xbe": "a program or Java class", b"PK\x03\x04": "a zip", b"PK\x05\x06": "a zip",
    b"\x1f\x8b": "a gzip", b"BZh": "a bzip2", b"\xfd7zXZ": "an xz", b"7z\xbc\xaf": "a 7z",
    b"Rar!": "a rar", b"\x28\xb5\x2f\xfd": "a zstd", b"!<arch>": "an ar", b"HPX/1\n": "an .hpx",
    b"\x80\x04\x95": "a pickle", b"\x80\x05\x95": "a pickle",
}  # fmt: skip
_ENDINGS = (".pyc", ".pyo", ".so", ".dll", ".dylib", ".exe", ".pyd", ".whl", ".pkl", ".pth", ".sh",
            ".bat", ".ps1", ".jar")  # fmt: skip
_DRAWINGS = (".svg", ".svgz", ".html", ".htm", ".xhtml")
_ACTS = re.compile(rb"<script|<foreignobject|javascript:|\son[a-z]{3,20}\s*=", re.IGNORECASE)


def check(reading: Reading) -> Iterator[Finding]:
    """Files that are no sources, and a digest that is another's."""
    if hpx.digest_of(reading.files) != reading.archive.digest:
        yield Finding("", "the digest is not that of the files")
    entry = reading.manifest.entry if reading.manifest else ""
    for path, data in reading.files.items():
        if hpx.is_wheel(path):
            continue
        what = _unreadable(path, data)
        if what and path != entry:  # rule `entry` says what is wrong with that
            yield Finding(path, f"is {what}")


def _unreadable(path: str, data: bytes) -> str:
    if data.startswith(b"\0asm"):
        return "WebAssembly, and not the entry"
    for start, what in _MAGIC.items():
        if data.startswith(start) and (len(start) > 2 or b"\0" in data[:512]):
            return what
    if path.lower().endswith(_DRAWINGS) and _ACTS.search(data):
        return "a drawing or page that runs code"
    if len(data) > length_of(data):
        return "a picture with something behind its end"
    if path.lower().endswith(_ENDINGS):
        return f"a file of the kind {path.rpartition('.')[2]!r}, which no plugin needs"
    return ""
