"""`model.generate` while no model plugin can be installed: an answer, never an error."""

from typing import Any

from hyperpersonal_runtime.api import CallScope
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer


class NoModel:
    """The runtime's ModelPort of a deployment without language models."""

    async def generate(self, scope: CallScope, request: dict[str, Any]) -> HostAnswer:
        """Always `unavailable`: agents go on by their procedures."""
        message = "no model plugin is installed; install one from the marketplace, or go without"
        return HostAnswer(failure=Failure(FailureKind.UNAVAILABLE, message))
