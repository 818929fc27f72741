"""Wheels in the folder `wheels`, or a lock of them, and only in a native plugin: a reviewer must
know of every byte that runs, and no name or line may lead elsewhere. See wheels for the names."""

import io
import zipfile
from collections.abc import Iterator

from hyperpersonal_sdk import wheels
from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding

NAME = "wheels"
REASON = "Packages a plugin brings along run with it, so they must be whole and be what they say."
FIX = "Take the wheel as its own project publishes it; docs/guides/publishing.md shows how."
WAIVABLE = False
CODE = "bad_wheels"
UNPACKED_BYTES_MAX = 256 * 1024 * 1024
TIMES_MAX = 100  # text shrinks 10 times, a bomb 1,000
ENTRIES_MAX = 20_000
_LINK = 0o120000


def check(reading: Reading) -> Iterator[Finding]:
    """What is wrong with the wheels, the lock, or that they are there."""
    there = [path for path in reading.files if path.startswith(wheels.WHEELS_FOLDER)]
    locked = wheels.LOCK_FILE in reading.files
    kind = reading.manifest.runtime.kind if reading.manifest else "process"
    if kind != "process" and (there or locked):
        what = there[0] if there else wheels.LOCK_FILE
        yield Finding("", f"{what} is only for kind = 'process', not {kind!r}", CODE)
        return
    if there and locked:
        what = f"take either {wheels.WHEELS_FOLDER} or {wheels.LOCK_FILE}: which would run?"
        yield Finding("", what, CODE)
    try:
        names = wheels.of_files(there)
        wheels.parse_lock(reading.files.get(wheels.LOCK_FILE, b"").decode())
    except (wheels.WheelError, UnicodeDecodeError) as error:
        yield Finding("", str(error), CODE)
        return
    for wheel in names:
        yield from _holds_itself(wheel, reading.files[wheels.WHEELS_FOLDER + wheel.file])


def _holds_itself(wheel: wheels.Wheel, data: bytes) -> Iterator[Finding]:
    """A wheel names itself inside as outside (PEP 427): it can be looked up and compared."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        yield Finding("", f"{wheel.file} is no zip: {error}", CODE)
        return
    about = sorted({e.filename.split("/")[0] for e in entries if ".dist-info/" in e.filename})
    wanted = "-".join(wheel.file.split("-")[:2]) + ".dist-info"
    if about != [wanted]:
        yield Finding("", f"{wheel.file} must hold {wanted}, it holds {about or 'none'}", CODE)
    for trick in _tricks(entries, data):
        yield Finding(f"{wheels.WHEELS_FOLDER}{wheel.file}", trick, CODE)


def _tricks(entries: list[zipfile.ZipInfo], data: bytes) -> Iterator[str]:
    """What makes two unpackers see two different wheels, or fill a disk."""
    names = [entry.filename for entry in entries]
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    if not data.startswith(b"PK\x03\x04"):
        yield "does not start as a zip: something lies before it"
    if len(entries) > ENTRIES_MAX or unpacked > min(
        UNPACKED_BYTES_MAX, TIMES_MAX * packed + 65_536
    ):
        yield f"would unpack to {unpacked} bytes in {len(entries)} files"
    if len({name.lower() for name in names}) != len(names):
        yield "holds a name twice"
    for entry in entries:
        parts = entry.filename.rstrip("/").split("/")
        if (
            ".." in parts
            or "" in parts
            or "\\" in entry.orig_filename
            or "\0" in entry.orig_filename
        ):
            yield f"leads elsewhere: {entry.orig_filename!r}"
        if entry.external_attr >> 16 & 0o170000 == _LINK:
            yield f"holds a link: {entry.filename}"
        if entry.flag_bits & 0x1:
            yield f"is encrypted: {entry.filename}"
        if entry.filename.endswith(".pth"):
            yield f"runs code at every start: {entry.filename}"
