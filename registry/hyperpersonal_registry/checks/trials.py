"""The checks that are not rules of the SDK, as modules."""

from typing import cast

from hyperpersonal_registry.checks import behaviour, boots, look_alike, own_tests, resources
from hyperpersonal_registry.checks.examination import Check

STATIC = cast("tuple[Check, ...]", (look_alike,))
"""Those that read."""

SANDBOXED = cast("tuple[Check, ...]", (boots, own_tests, resources, behaviour))
"""Those that run the release, in the order of their names."""
