"""Known vulnerabilities of the packages a plugin brings along, by a data file of advisories.

The file is shipped with the SDK and dated. Data that is too old answers nothing: the verdict is
ERROR until somebody writes a newer one (`python -m hyperpersonal_sdk.checks.advisories`).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.resources import files

import msgspec
from msgspec import Struct
from packaging.version import InvalidVersion, Version

from hyperpersonal_sdk.checks.packages import Package, packages
from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding

NAME = "vulnerabilities"
REASON = "A hole that everybody knows is a door: what ships with a plugin runs beside shop data."
FIX = "Take the version that mends it, and pack again."
WAIVABLE = True

AGE_DAYS_MAX = 180


class StaleError(Exception):
    """The advisories are too old to say that a package is free of known holes."""


class Range(Struct, frozen=True):
    """Versions from `introduced` on and below `fixed`; `fixed` '' is: no version mends it.
    Source: OSV schema 1.7, affected[].ranges[].events."""

    introduced: str = "0"
    fixed: str = ""


class Advisory(Struct, frozen=True):
    """One hole of one package. `malicious`: the package itself is the attack."""

    id: str
    package: str
    summary: str
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    malicious: bool = False


class Advisories(Struct, frozen=True):
    """The data file. `as_of`: the day on which it was whole."""

    as_of: date
    source: str
    advisories: tuple[Advisory, ...] = ()


def check(reading: Reading) -> Iterator[Finding]:
    """Packages with a hole that has a name.

    Raises:
        StaleError: there are packages, and the data is older than AGE_DAYS_MAX.
    """
    brought = packages(reading)
    if not brought:
        return
    data = load(reading.advisories)
    age_days = ((reading.today or datetime.now(UTC).date()) - data.as_of).days
    if age_days > AGE_DAYS_MAX:
        raise StaleError(
            f"the advisories are {age_days} days old, at most {AGE_DAYS_MAX} will do: take a newer "
            "hyperpersonal-sdk, or write them anew of OSV's export"
        )
    by_name: dict[str, list[Advisory]] = {}
    for one in data.advisories:
        by_name.setdefault(one.package, []).append(one)
    for package in brought:
        for one in by_name.get(package.name, []):
            if affects(one, package):
                what = f"{package.name} {package.version} has {one.id}: {one.summary}"
                yield Finding(package.path, f"{what}{_mended(one, package)}")


def load(data: bytes | None = None) -> Advisories:
    """The advisories of a file's bytes, or the shipped ones."""
    shipped = files("hyperpersonal_sdk.checks") / "data" / "advisories.json"
    return msgspec.json.decode(shipped.read_bytes() if data is None else data, type=Advisories)


def affects(advisory: Advisory, package: Package) -> bool:
    """Whether this version has the hole; one that is no version is taken to have it."""
    if package.version in advisory.versions:
        return True
    try:
        return any(_inside(Version(package.version), one) for one in advisory.ranges)
    except InvalidVersion:
        return True


def _inside(version: Version, span: Range) -> bool:
    return Version(span.introduced) <= version and (not span.fixed or version < Version(span.fixed))


def _mended(advisory: Advisory, package: Package) -> str:
    for span in advisory.ranges:
        if span.fixed and _inside(Version(package.version), span):
            return f" (mended in {span.fixed})"
    return ""
