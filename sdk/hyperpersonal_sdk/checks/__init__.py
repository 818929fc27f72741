"""What an archive must pass: one file a rule, each with its name, reason and remedy.

The author's `hp plugin check` and the registry run the same rules. FORM rules hold for whatever is
packed or stored at all; LINTS are for what strangers will install. A rule that fails to run raises:
there is no verdict between passed and refused.
"""

from datetime import date
from importlib.metadata import entry_points
from typing import cast

from hyperpersonal_sdk.checks import (
    archive_files,
    bundle,
    capability_use,
    claims,
    dynamic_code,
    entry,
    hidden_text,
    injection,
    licences,
    listing,
    manifest,
    obfuscation,
    secrets,
    shadowing,
    sources,
    vendored,
    vulnerabilities,
    wheels,
)
from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding, Rule, judged
from hyperpersonal_sdk.errors import CheckFailedError
from hyperpersonal_sdk.hpx import Archive
from hyperpersonal_sdk.verdicts import Verdict, verdict

FORM = cast(
    "tuple[Rule, ...]",
    (manifest, archive_files, hidden_text, sources, entry, bundle, wheels, shadowing, listing),
)
LINTS = cast(
    "tuple[Rule, ...]",
    (
        obfuscation,
        dynamic_code,
        injection,
        claims,
        secrets,
        licences,
        vendored,
        vulnerabilities,
        capability_use,
    ),
)
RULES = FORM + LINTS

SANDBOXED_GROUP = "hyperpersonal.checks"

__all__ = [
    "FORM",
    "LINTS",
    "RULES",
    "Finding",
    "Reading",
    "Rule",
    "check",
    "judged",
    "run",
    "run_sandboxed",
]


def check(archive: Archive) -> None:
    """What must hold for whatever is packed, signed or stored.

    Raises:
        CheckFailedError: with the first FORM rule the archive breaks.
    """
    reading = Reading(archive)
    for rule in FORM:
        for found in rule.check(reading):
            if not found.note:
                raise CheckFailedError(found.code or rule.NAME, found.text)


def run(
    archive: Archive, *, today: date | None = None, advisories: bytes | None = None
) -> list[Verdict]:
    """Every rule's verdict, in order; a rule that crashes says ERROR.

    Args:
        archive: what would be published.
        today: see Reading.
        advisories: see Reading.
    """
    reading = Reading(archive, today=today, advisories=advisories)
    return [_said(rule, reading) for rule in RULES]


def run_sandboxed(artifact: bytes, previous: bytes | None = None) -> list[Verdict] | None:
    """The verdicts of the checks that run a release; None where nothing to run it in is installed.

    Args:
        artifact: the `.hpx`.
        previous: the release it follows, to compare with.
    """
    found = next(iter(entry_points(group=SANDBOXED_GROUP)), None)
    if found is None:
        return None
    said: list[Verdict] = found.load()(artifact, previous)
    return said


def _said(rule: Rule, reading: Reading) -> Verdict:
    try:
        return judged(rule, reading)
    except Exception as error:
        what = f"This check could not tell ({type(error).__name__}: {error})."
        return verdict(rule.NAME, "ERROR", what)
