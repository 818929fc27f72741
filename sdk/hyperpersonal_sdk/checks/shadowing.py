"""No module may stand in for one of the interpreter's or the SDK's."""

import sys
from collections.abc import Iterator

from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding

NAME = "shadowing"
REASON = "A module with the name of a standard one runs in its place, unseen by who imports it."
FIX = "Rename the module; put your code into one package with the plugin's own name."
WAIVABLE = False
NOT_THEIRS = frozenset(sys.stdlib_module_names) | {"hyperpersonal_sdk"}


def check(reading: Reading) -> Iterator[Finding]:
    """Modules that would stand in for another."""
    for path in reading.files:
        top = path.split("/")[0].removesuffix(".py")
        if path.endswith(".py") and top in NOT_THEIRS:
            yield Finding(path, f"would stand in for the module {top!r}")
