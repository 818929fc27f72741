"""`plugin.toml` is as the published schema says, and means what it says."""

from collections.abc import Iterator

from hyperpersonal_sdk import manifest
from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding
from hyperpersonal_sdk.errors import ManifestError
from hyperpersonal_sdk.manifest import MANIFEST_FILE

NAME = "manifest"
REASON = "Merchants consent to what the manifest says, so all of it must be readable and true."
FIX = "Write it as docs/reference/manifest.md shows."
WAIVABLE = False
CODE = "bad_manifest"


def check(reading: Reading) -> Iterator[Finding]:
    """Every fault, with its line."""
    try:
        manifest.parse(reading.files[MANIFEST_FILE].decode())
    except ManifestError as error:
        yield from (Finding("", problem, CODE) for problem in error.problems)
    except UnicodeDecodeError as error:
        yield Finding(MANIFEST_FILE, f"is not UTF-8: {error}", CODE)
