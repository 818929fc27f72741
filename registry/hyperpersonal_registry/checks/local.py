"""The checks that run a release, on an author's machine; found by the entry point group
`hyperpersonal.checks`, so that the SDK need not know the registry."""

import asyncio

from hyperpersonal_runtime.api import default_cache
from hyperpersonal_sdk.verdicts import Verdict

from hyperpersonal_registry.checks import SANDBOXED
from hyperpersonal_registry.checks.runner import Runner
from hyperpersonal_registry.checks.subject import Subject


def sandboxed(artifact: bytes, previous: bytes | None = None) -> list[Verdict]:
    """What the registry will say of a release when it runs it.

    Args:
        artifact: the `.hpx`.
        previous: the release it would follow; None: there is nothing to compare with.
    """
    subject = Subject(artifact, str(default_cache().resolve()), previous)
    return asyncio.run(Runner().run(subject, SANDBOXED))
