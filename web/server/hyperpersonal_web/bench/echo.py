"""The most trivial agent there can be: it answers in the host itself, and is always chosen."""

from collections.abc import Sequence

import msgspec
from hyperpersonal_core.api import Decision, RecallAsk, Recalled, RouteAsk
from hyperpersonal_runtime.api import CallResult, HookCall, Ports, SealedRelease
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.turns import TurnReply

_ANSWER = msgspec.json.encode(TurnReply("I heard you.", confidence=1.0))


class EchoHost:
    """A plugin host without sandboxes."""

    async def start(self, ports: Ports) -> None:
        """Nothing to start."""

    async def call(self, call: HookCall) -> CallResult:
        """The same answer to everything."""
        return CallResult(Outcome.OK, _ANSWER)

    async def close(self) -> None:
        """Nothing to close."""


class NoRecall:
    """Remembers nothing."""

    async def recall_many(self, asks: Sequence[RecallAsk]) -> list[Recalled]:
        """Nothing for anybody."""
        return [Recalled()] * len(asks)


class FirstAgent:
    """Chooses the first agent."""

    async def decide(self, ask: RouteAsk) -> Decision:
        """For one."""
        return (await self.decide_many([ask]))[0]

    async def decide_many(self, asks: Sequence[RouteAsk]) -> list[Decision]:
        """Always the same, and sure."""
        return [
            Decision("agent", "order", 1.0, "measured", ask.agents[0].installation_id)
            for ask in asks
        ]


class OneRelease:
    """A store of one release, trusted as it is."""

    def __init__(self, release: SealedRelease) -> None:
        self._release = release

    async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
        """It."""
        return self._release
