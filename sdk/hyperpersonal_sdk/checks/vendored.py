"""Packages a plugin brings along are the ones they seem to be."""

import re
import sys
from collections.abc import Iterator
from importlib.resources import files

from hyperpersonal_sdk.checks.names_apart import distance
from hyperpersonal_sdk.checks.packages import Package, packages
from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding

NAME = "vendored"
REASON = "A package that only looks like the known one, or was changed after it was built, is bait."
FIX = "Take the wheel from its own project, unchanged, under the name it has there."
WAIVABLE = True

NAME_CHARS_MIN = 5


def check(reading: Reading) -> Iterator[Finding]:
    """Packages that stand in for others, look like them, or are not as they were built."""
    own = {path.split("/")[0].removesuffix(".py") for path in reading.modules}
    for package in packages(reading):
        yield from (Finding(package.path, what) for what in _wrong(package, own))
        about = f"brings {package.name} {package.version} along"
        yield Finding(package.path, about, note=True)


def popular() -> frozenset[str]:
    """Names everybody knows, as PEP 503 writes them."""
    text = (files("hyperpersonal_sdk.checks") / "data" / "popular.txt").read_text()
    return frozenset(line for line in text.split() if line)


def _wrong(package: Package, own: set[str]) -> Iterator[str]:
    for name in package.altered[:3]:
        yield f"{package.name}: {name} is not as its RECORD says"
    for top in sorted(package.tops & (frozenset(sys.stdlib_module_names) | {"hyperpersonal_sdk"})):
        yield f"{package.name} would stand in for the module {top!r}"
    for top in sorted(package.tops & own):
        yield f"{package.name} would stand in for the plugin's own {top!r}"
    for name in package.programs[:3]:
        yield f"{package.name}: {name} is a program, in a wheel that says it fits every machine"
    for what in package.acts[:3]:
        yield f"{package.name}: {what} while it is imported"
    known = popular()
    if package.name not in known and len(package.name) >= NAME_CHARS_MIN:
        near = sorted(one for one in known if _looks_like(package.name, one))
        if near:
            yield f"{package.name} looks like {near[0]}, which it is not"


def _looks_like(name: str, known: str) -> bool:
    if len(known) < NAME_CHARS_MIN:
        return False
    bare, other = (re.sub(r"[^a-z0-9]", "", one) for one in (name, known))
    affixes = {f"python{other}", f"py{other}", f"{other}python", f"{other}py", f"{other}lib"}
    return bare == other or bare in affixes or distance(bare, other) == 1
