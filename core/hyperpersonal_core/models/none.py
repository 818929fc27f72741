"""`model.generate` in a deployment that takes no model plugins: an answer, never an error."""

from collections.abc import Callable, Iterable

from hyperpersonal_runtime.api import CallScope, Entry
from hyperpersonal_sdk.contract.models import GenerateAsk, Tier
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind, HostAnswer

NONE = "no model plugin is installed; install one from the marketplace, or go without"


class NoModel:
    """The runtime's ModelPort of a deployment without language models."""

    async def generate(
        self, scope: CallScope, ask: GenerateAsk, tier: Tier, seen: Callable[[], Iterable[Entry]]
    ) -> HostAnswer:
        """Always `unavailable`: agents go on by their procedures."""
        return HostAnswer(failure=Failure(FailureKind.UNAVAILABLE, NONE))

    async def delta(self, scope: CallScope, text: str) -> HostAnswer:
        """Nobody was asked for a draft."""
        return HostAnswer(failure=Failure(FailureKind.DENIED, "no draft is open"))
