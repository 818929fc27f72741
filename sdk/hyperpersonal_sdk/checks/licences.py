"""Licences: the plugin's is a valid SPDX expression, and its packages' do not contradict it."""

import re
from collections.abc import Iterator

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from hyperpersonal_sdk.checks.packages import Package, packages
from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding
from hyperpersonal_sdk.manifest import MANIFEST_FILE

NAME = "licences"
REASON = "Who installs a plugin copies it: its licence, and those of all it brings, must let them."
FIX = "Write an SPDX expression (https://spdx.org/licenses); take a package whose licence fits it."
WAIVABLE = True

# Licences that spread to what is shipped with them, and those they may be shipped under.
_COPYLEFT = re.compile(r"\b(?:AGPL|GPL|OSL|EUPL|SSPL|CC-BY-SA|CC-BY-NC|BUSL|RPL)-?", re.IGNORECASE)
_SAME = re.compile(r"\b(?:AGPL|GPL)-", re.IGNORECASE)
_CLOSED = re.compile(r"non-?commercial|-NC-|\bBUSL|\bSSPL|proprietary|all rights reserved", re.I)
_WORDS = (
    (r"^MIT", "MIT"), (r"^Apache", "Apache-2.0"), (r"^BSD|Berkeley", "BSD-3-Clause"),
    (r"^ISC", "ISC"), (r"Mozilla|^MPL", "MPL-2.0"), (r"Python Software|^PSF", "PSF-2.0"),
    (r"Affero|AGPL", "AGPL-3.0-or-later"), (r"Lesser|LGPL", "LGPL-3.0-or-later"),
    (r"General Public|^GPL", "GPL-3.0-or-later"), (r"Unlicense", "Unlicense"),
    (r"Public Domain|CC0", "CC0-1.0"), (r"zlib", "Zlib"), (r"Boost", "BSL-1.0"),
    (r"proprietary|commercial", "LicenseRef-Proprietary"),
)  # fmt: skip


def check(reading: Reading) -> Iterator[Finding]:
    """Licences that are none, that nobody knows, or that cannot stand together."""
    said = reading.manifest
    if said is None:
        return
    own = _spdx(said.licence)
    if own is None:
        yield Finding(MANIFEST_FILE, f"licence {said.licence!r} is no SPDX expression")
        return
    for package in packages(reading):
        yield from _fits(own, package)


def _fits(own: str, package: Package) -> Iterator[Finding]:
    what = f"{package.name} {package.version}"
    if not package.metadata:
        yield Finding(package.path, f"{what} is fetched at installation: its licence", note=True)
        return
    known = [found for found in map(of_words, package.licences) if found]
    if not known:
        yield Finding(package.path, f"{what} says no licence that is known")
    elif all(_CLOSED.search(one) for one in known):
        yield Finding(package.path, f"{what} may not be passed on ({known[0]})")
    elif all(_must_spread(one) for one in known) and not _SAME.search(own):
        yield Finding(package.path, f"{what} is {known[0]}, which {own} contradicts")


def _must_spread(expression: str) -> bool:
    """Whether every choice the expression gives asks for the same licence of the whole."""
    choices = re.split(r"\s+OR\s+", expression.strip("() "))
    return all(_COPYLEFT.search(one) and "LGPL" not in one.upper() for one in choices)


def of_words(text: str) -> str | None:
    """The SPDX expression of what a package says; None when nobody knows what it means."""
    found = _spdx(text)
    if found is not None:
        return found
    matches = (spdx for pattern, spdx in _WORDS if re.search(pattern, text, re.IGNORECASE))
    return next(matches, None)


def _spdx(text: str) -> str | None:
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return None
