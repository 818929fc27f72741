"""Tier `none`: no wall. An empty environment and the given file numbers, nothing more."""

import os

from hyperpersonal_runtime.jail.launch import GivenUp, Starter, command, spec
from hyperpersonal_runtime.jail.program import Jailed, Program, Tier


class PlainJail:
    """Runs what the operator trusts, and only when told so.

    Args:
        trusted: namespaces whose plugins may run. Empty: none may.
        missing: why this machine has no wall, for the refusal's words.
    """

    tier: Tier = "none"
    counts = False

    def __init__(self, trusted: frozenset[str] = frozenset(), missing: str = "") -> None:
        self._trusted = trusted
        self.missing = missing
        self._starter = Starter()

    def spawn(self, program: Program) -> Jailed:
        given = spec(program, GivenUp(parent=os.getpid(), filtered=False))
        return self._starter.start(command(), program, given)

    def refusal(self, plugin_id: str) -> str:
        if plugin_id.split("/", 1)[0] in self._trusted:
            return ""
        if self._trusted:
            return f"{plugin_id} is not of a trusted publisher, and the sandbox is switched off"
        return f"this machine has no sandbox for plugins: {self.missing}"
