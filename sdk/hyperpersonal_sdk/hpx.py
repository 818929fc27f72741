r"""The `.hpx` archive: a plugin's files in one file, the same bytes from the same sources anywhere.

    HPX/1\n | length of the index, 4 bytes big-endian | index | the files' bytes, in index order

Rules:
1. The index is canonical JSON: path -> sha256 and size, paths sorted. The digest of an archive is
   the sha256 of its index, so it covers names and bytes both.
2. An archive holds plain files only: there is no way to write a link, a mode or a time.
3. Paths are ASCII, relative, without dots in front; no two are equal when letter case is ignored.
4. `unpack` accepts exactly what `pack` writes: it makes the index again and compares the bytes.
"""

import hashlib
import re
import struct
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from hyperpersonal_sdk.errors import ArchiveError
from hyperpersonal_sdk.manifest import MANIFEST_FILE, Manifest, read
from hyperpersonal_sdk.wheels import WHEELS_FOLDER

MAGIC = b"HPX/1\n"
ARCHIVE_BYTES_MAX = 48 * 1024 * 1024
OWN_BYTES_MAX = 8 * 1024 * 1024  # of all files that are no wheels
FILE_BYTES_MAX = 2 * 1024 * 1024
WHEEL_BYTES_MAX = 16 * 1024 * 1024
FILES_MAX = 1_000
PATH_CHARS_MAX = 200
PATH_DEPTH_MAX = 12
LEFT_OUT = frozenset({"tests", "dist", "build", "node_modules"})  # at the top of a plugin's folder
FIXTURES_FOLDER = "tests/fixtures/"  # recorded calls are signed: whoever checks it replays them

_HEAD = struct.Struct(">6sI")
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)
# Names Windows cannot hold, with any extension. Source: Naming Files, learn.microsoft.com.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


class FileEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the index."""

    sha256: str
    size: int


class Index(Struct, frozen=True, forbid_unknown_fields=True):
    """What an archive holds."""

    files: dict[str, FileEntry]
    format: str = "hpx/1"


class Archive(Struct, frozen=True):
    """An unpacked archive. `digest` is `sha256:<hex>`; nothing is said about who made it."""

    digest: str
    files: dict[str, bytes]

    @property
    def manifest(self) -> Manifest:
        """The manifest inside; its shape only, since its meaning was checked when it was made."""
        return read(self.files[MANIFEST_FILE].decode())


def collect(folder: Path) -> dict[str, bytes]:
    """The files of a plugin's folder that belong in its archive: all but tests, caches and
    hidden ones.

    Raises:
        ArchiveError: a link, or too many or too large files.
    """
    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if hidden or (parts[0] in LEFT_OUT and not is_fixture("/".join(parts))):
            continue
        if path.is_symlink():
            raise ArchiveError("link", f"{'/'.join(parts)} is a link; put the file itself there")
        if path.is_file() and path.suffix not in {".pyc", ".hpx"}:
            files["/".join(parts)] = _read_file(path, "/".join(parts))
            _check_count(len(files))
    return files


def pack(files: Mapping[str, bytes]) -> bytes:
    """The archive of these files.

    Raises:
        ArchiveError: `code` names the rule a path or a size breaks.
    """
    index = _index(files)
    body = b"".join(files[path] for path in sorted(files))
    archive = _HEAD.pack(MAGIC, len(index)) + index + body
    _check_size(len(archive))
    return archive


def unpack(archive: bytes) -> Archive:
    """The files of an archive.

    Raises:
        ArchiveError: `code` names the rule the bytes break.
    """
    _check_size(len(archive))
    if len(archive) < _HEAD.size or not archive.startswith(MAGIC):
        raise ArchiveError("not_hpx", f"this is no .hpx archive: it does not start with {MAGIC!r}")
    start = _HEAD.size + _HEAD.unpack_from(archive)[1]
    index = archive[_HEAD.size : start]
    files = _slice(archive, start, _decode(index))
    if _index(files) != index:
        raise ArchiveError("not_canonical", _difference(index, files))
    return Archive(f"sha256:{hashlib.sha256(index).hexdigest()}", files)


def is_fixture(path: str) -> bool:
    """Whether a path is that of a recorded call."""
    return path.startswith(FIXTURES_FOLDER) and path.endswith(".json")


def is_wheel(path: str) -> bool:
    """Whether a path is that of a native plugin's wheel."""
    return path.startswith(WHEELS_FOLDER) and path.endswith(".whl")


def bytes_max(path: str) -> int:
    """How large this file may be."""
    return WHEEL_BYTES_MAX if is_wheel(path) else FILE_BYTES_MAX


def digest_of(files: Mapping[str, bytes]) -> str:
    """The digest these files have as an archive."""
    return f"sha256:{hashlib.sha256(_index(files)).hexdigest()}"


def _index(files: Mapping[str, bytes]) -> bytes:
    """The canonical index; refuses what no archive may hold."""
    _check_count(len(files))
    _check_paths(files)
    if sum(len(data) for path, data in files.items() if not is_wheel(path)) > OWN_BYTES_MAX:
        raise ArchiveError("too_large", f"more than {OWN_BYTES_MAX} bytes beside its wheels")
    entries: dict[str, FileEntry] = {}
    for path in sorted(files):
        if len(files[path]) > bytes_max(path):
            raise ArchiveError("file_too_large", f"{path} has more than {bytes_max(path)} bytes")
        entries[path] = FileEntry(hashlib.sha256(files[path]).hexdigest(), len(files[path]))
    return msgspec.json.encode(Index(entries), order="sorted")


def _decode(index: bytes) -> Index:
    try:
        return msgspec.json.decode(index, type=Index)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArchiveError("bad_index", f"the archive's index cannot be read: {error}") from error


def _slice(archive: bytes, start: int, index: Index) -> dict[str, bytes]:
    _check_count(len(index.files))
    files: dict[str, bytes] = {}
    for path in sorted(index.files):
        end = start + max(0, index.files[path].size)
        files[path] = archive[start:end]
        start = end
    if start != len(archive):
        raise ArchiveError(
            "bad_length", f"the index speaks of {start} bytes, the archive has {len(archive)}"
        )
    return files


def _difference(index: bytes, files: Mapping[str, bytes]) -> str:
    for path, entry in _decode(index).files.items():
        if hashlib.sha256(files[path]).hexdigest() != entry.sha256:
            return f"the bytes of {path} are not those of the index"
    return "the index is not written in the one canonical way"


def _check_count(count: int) -> None:
    if count > FILES_MAX:
        raise ArchiveError("too_many_files", f"more than {FILES_MAX} files")


def _check_size(size: int) -> None:
    if size > ARCHIVE_BYTES_MAX:
        raise ArchiveError("too_large", f"more than {ARCHIVE_BYTES_MAX} bytes")


def _check_paths(files: Mapping[str, bytes]) -> None:
    if MANIFEST_FILE not in files:
        raise ArchiveError("no_manifest", f"there is no {MANIFEST_FILE}")
    seen: dict[str, str] = {}
    for path in files:
        _check_path(path)
        parts = path.lower().split("/")
        for depth in range(1, len(parts) + 1):
            name = "/".join(parts[:depth])
            written = "/".join(path.split("/")[:depth]) + ("" if depth == len(parts) else "/")
            if seen.setdefault(name, written) != written:
                raise ArchiveError(
                    "collision", f"{path} and {seen[name]} are the same on some disks"
                )


def _check_path(path: str) -> None:
    segments = path.split("/")
    if len(path) > PATH_CHARS_MAX or len(segments) > PATH_DEPTH_MAX:
        raise ArchiveError("path_too_long", f"{path[:40]}… is too long or too deep")
    for segment in segments:
        if not _SEGMENT.fullmatch(segment) or segment.endswith("."):
            raise ArchiveError(
                "bad_path",
                f"{path!r}: each part must be ASCII letters, digits, '_', '-' or '.', and may not "
                "start or end with a dot",
            )
        if _RESERVED.fullmatch(segment):
            raise ArchiveError("bad_path", f"{path!r}: {segment!r} cannot exist on some machines")


def _read_file(path: Path, name: str) -> bytes:
    with path.open("rb") as file:
        data = file.read(bytes_max(name) + 1)
    if len(data) > bytes_max(name):
        raise ArchiveError("file_too_large", f"{name} has more than {bytes_max(name)} bytes")
    return data
