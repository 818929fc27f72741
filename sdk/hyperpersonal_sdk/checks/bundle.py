"""A bundle holds what it composes, and nothing that runs."""

from collections.abc import Iterator

from hyperpersonal_sdk import bundle
from hyperpersonal_sdk.bundle import BUNDLE_FILE, LOCK_FILE
from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding
from hyperpersonal_sdk.errors import BundleError
from hyperpersonal_sdk.manifest import MANIFEST_FILE, Manifest

NAME = "bundle"
REASON = "Who installs a bundle consents to the plugins it names, so it must be no more than that."
FIX = "Ship bundle.toml with texts and pictures only; `hp bundle check` shows what is wrong in it."
WAIVABLE = False
CODE = "bad_bundle"
_TEXTS = (".md", ".txt", ".png", ".webp")


def check(reading: Reading) -> Iterator[Finding]:
    """Why this is no bundle; nothing for plugins of other kinds."""
    said = reading.manifest
    if said is None or said.kind != "bundle":
        return
    for path in reading.files:
        if path not in (MANIFEST_FILE, BUNDLE_FILE, LOCK_FILE) and not path.endswith(_TEXTS):
            yield Finding(path, "is neither the bundle nor a text or picture", CODE)
    source = reading.texts.get(BUNDLE_FILE)
    if source is None:
        yield Finding("", f"there is no {BUNDLE_FILE}", CODE)
        return
    yield from _faults(source, said)


def _faults(source: str, said: Manifest) -> Iterator[Finding]:
    try:
        found = bundle.parse(source)
    except BundleError as error:
        yield from (Finding("", problem, CODE) for problem in error.problems)
        return
    for key in ("id", "version", "title", "description", "licence"):
        if getattr(found, key) != getattr(said, key):
            what = f"its {key} is another than that of {MANIFEST_FILE}"
            yield Finding(BUNDLE_FILE, what, CODE)
