"""The registry's automatic checks: their names, and which of them people may waive.

A policy asks for names of this list. It never asks what ran: a check that was lost leaves a gap.
Names only: who asks for them pays for no sandbox (`trials.py` has the checks that run a release).
"""

from hyperpersonal_sdk.checks import FORM, RULES

FORMAL = tuple(rule.NAME for rule in FORM)
"""Those of the archive's form: nothing is stored that breaks one."""

SANDBOXED = ("boots", "own_tests", "resources", "behaviour")
"""Those that run the release."""

REQUIRED = (*[rule.NAME for rule in RULES], "look_alike", *SANDBOXED)
"""Every check, in the order in which they run."""

WAIVABLE = frozenset(
    [rule.NAME for rule in RULES if rule.WAIVABLE]
    + ["look_alike", "own_tests", "resources", "behaviour"]
)
"""Those whose FAIL people may waive after an appeal."""

__all__ = ["FORMAL", "REQUIRED", "SANDBOXED", "WAIVABLE"]
