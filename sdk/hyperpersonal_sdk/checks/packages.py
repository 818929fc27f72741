"""Packages a plugin brings along: wheels, pins of its lock, and those laid among its sources."""

import base64
import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from email.parser import Parser

from msgspec import Struct

from hyperpersonal_sdk import wheels
from hyperpersonal_sdk.checks.importing import on_import
from hyperpersonal_sdk.checks.reading import Reading

METADATA_BYTES_MAX = MODULE_BYTES_MAX = 1024 * 1024
PROGRAMS = (b"\x7fELF", b"MZ\x90", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\0asm")
_ABOUT = re.compile(r"(?:.*/)?([A-Za-z0-9_.]+)-([A-Za-z0-9_.+!]+)\.dist-info/METADATA")


class Package(Struct, frozen=True):
    """One package. `metadata`: the text of its METADATA, '' for a pin; `tops`: the modules it puts
    on the path; `altered`: files that are not those its RECORD names; `programs`: compiled files
    of a wheel that says it fits every machine; `acts`: what it does while it is imported."""

    name: str
    version: str
    path: str
    metadata: str = ""
    tops: frozenset[str] = frozenset()
    altered: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()

    @property
    def licences(self) -> tuple[str, ...]:
        """What it says of its licence: the SPDX expression, else words and classifiers.
        Source: PyPA core metadata 2.4."""
        said = Parser().parsestr(self.metadata, headersonly=True)
        expression = said.get("License-Expression")
        if expression:
            return (expression,)
        classifiers = [
            one.rpartition("::")[2].strip()
            for one in said.get_all("Classifier", [])
            if one.startswith("License ::")
        ]
        words = (said.get("License") or "").strip().splitlines()[:1]
        return tuple(one for one in (*classifiers, *words) if one and one != "UNKNOWN")


def packages(reading: Reading) -> list[Package]:
    """All of them. What cannot be read is left to the rule `wheels`."""
    return [*_wheels(reading), *_pins(reading), *_laid(reading)]


def _wheels(reading: Reading) -> Iterator[Package]:
    paths = [path for path in reading.files if path.startswith(wheels.WHEELS_FOLDER)]
    try:
        named = wheels.of_files(paths)
    except wheels.WheelError:
        return
    for wheel in named:
        path = wheels.WHEELS_FOLDER + wheel.file
        try:
            with zipfile.ZipFile(io.BytesIO(reading.files[path])) as archive:
                yield _package(wheel, path, archive)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, KeyError):
            continue


def _package(wheel: wheels.Wheel, path: str, archive: zipfile.ZipFile) -> Package:
    names = [name for name in archive.namelist() if not name.endswith("/")]
    about = next((n for n in names if n.endswith(".dist-info/METADATA")), "")
    text = ""
    if about and archive.getinfo(about).file_size <= METADATA_BYTES_MAX:
        text = archive.read(about).decode(errors="replace")
    tops = {name.split("/")[0] for name in names}
    modules = {re.sub(r"\.(?:py|[\w-]*\.?so|pyd)$", "", top) for top in tops if "." not in top
               or top.endswith((".py", ".so", ".pyd"))}  # fmt: skip
    return Package(
        wheel.name, wheel.version, path, text, frozenset(modules), _altered(archive, names),
        tuple(_programs(archive, names)) if wheel.fits_all else (), tuple(_acts(archive, names)),
    )  # fmt: skip


def _programs(archive: zipfile.ZipFile, names: list[str]) -> Iterator[str]:
    for name in names:
        with archive.open(name) as file:
            if file.read(4).startswith(PROGRAMS):
                yield name


def _acts(archive: zipfile.ZipFile, names: list[str]) -> Iterator[str]:
    """Calls at the top of a module that reach the machine or make code."""
    for name in names:
        if name.endswith(".py") and archive.getinfo(name).file_size <= MODULE_BYTES_MAX:
            yield from (f"{name}: {what}" for what in on_import(archive.read(name)))


def _altered(archive: zipfile.ZipFile, names: list[str]) -> tuple[str, ...]:
    """Files that RECORD does not name, or names with another hash (PEP 376, PEP 427)."""
    record = next((name for name in names if name.endswith(".dist-info/RECORD")), "")
    if not record:
        return ()
    rows = csv.reader(io.StringIO(archive.read(record).decode(errors="replace")))
    hashes = {row[0]: row[1] for row in rows if len(row) >= 2}
    found = []
    for name in names:
        if ".dist-info/RECORD" in name:
            continue
        if _hash(archive.read(name)) != hashes.get(name, ""):
            found.append(name)
    return tuple(found)


def _hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={digest.rstrip(b'=').decode()}"


def _pins(reading: Reading) -> Iterator[Package]:
    try:
        pins = wheels.parse_lock(reading.files.get(wheels.LOCK_FILE, b"").decode())
    except (wheels.WheelError, UnicodeDecodeError):
        return
    for pin in pins:
        yield Package(pin.name, pin.version, wheels.LOCK_FILE)


def _laid(reading: Reading) -> Iterator[Package]:
    """Pure packages that were copied among the sources with their METADATA."""
    for path, text in reading.texts.items():
        found = _ABOUT.fullmatch(path)
        if found:
            name = re.sub(r"[-_.]+", "-", found[1]).lower()
            yield Package(name, found[2], path, text)
