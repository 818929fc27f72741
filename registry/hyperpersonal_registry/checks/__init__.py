"""The registry's automatic checks: their names, and which of them people may waive.

A policy asks for names of this list. It never asks what ran: a check that was lost leaves a gap.
"""

from typing import cast

from hyperpersonal_sdk.checks import FORM, RULES

from hyperpersonal_registry.checks import behaviour, boots, look_alike, own_tests, resources
from hyperpersonal_registry.checks.examination import Check

FORMAL = tuple(rule.NAME for rule in FORM)
"""Those of the archive's form: nothing is stored that breaks one."""

STATIC = cast("tuple[Check, ...]", (look_alike,))
SANDBOXED = cast("tuple[Check, ...]", (boots, own_tests, resources, behaviour))
"""Those that run the release."""

REQUIRED = (
    *[rule.NAME for rule in RULES],
    *[check.NAME for check in (*STATIC, *SANDBOXED)],
)
"""Every check, in the order in which they run."""

WAIVABLE = frozenset(
    [rule.NAME for rule in RULES if rule.WAIVABLE]
    + [check.NAME for check in (*STATIC, *SANDBOXED) if check.WAIVABLE]
)
"""Those whose FAIL people may waive after an appeal."""

__all__ = ["FORMAL", "REQUIRED", "SANDBOXED", "STATIC", "WAIVABLE"]
