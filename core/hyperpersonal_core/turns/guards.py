"""Guards: the tenant's plugins that read an agent's reply before it leaves.

Rules:
1. Every enabled guard reads every reply that would be said; they read at the same time.
2. A reply leaves when all of them let it pass. One that holds it, fails, answers nonsense or takes
   too long: it is not sent, and a person gets it with the reason.
3. A guard sees what the shopper asked and what would be said, not the agent's working state.
4. No guard installed costs nothing.
"""

import asyncio
from collections.abc import Sequence

import msgspec
from hyperpersonal_runtime.api import CallResult
from hyperpersonal_sdk.contract.hooks import ReviewAsk, ReviewVerdict
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.turns import TurnReply

from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.turns.calls import HookAsk, PluginCalls, usage
from hyperpersonal_core.turns.turn import Doubt, Leg, Turn

HOOK = "review_reply"
DEADLINE_MS = 5_000
REASON_CHARS_MAX = 500

_verdicts = msgspec.json.Decoder(ReviewVerdict)


class Guards:
    """Asks a tenant's guards."""

    def __init__(self, calls: PluginCalls) -> None:
        self._calls = calls

    async def doubt(
        self, turn: Turn, leg: Leg, guards: Sequence[Installation], left_ms: int
    ) -> Doubt | None:
        """Why this leg's reply must not leave; None when every guard lets it pass.

        Raises:
            OutsideError: the turn cannot go on in this process.
        """
        if not guards or leg.reply is None or not leg.reply.text.strip():
            return None
        payload = msgspec.json.encode(ReviewAsk(leg.text, _shown(leg.reply)))
        asks = [
            HookAsk(HOOK, payload, f"{leg.path or 'agent1'}-guard{number}", _time(left_ms))
            for number, _ in enumerate(guards, 1)
        ]
        calls = (self._calls.call(turn, *pair) for pair in zip(guards, asks, strict=True))
        results = await asyncio.gather(*calls)
        leg.reviews = [usage(*pair) for pair in zip(guards, results, strict=True)]
        held = [_held(*pair) for pair in zip(guards, results, strict=True)]
        words = "; ".join(one for one in held if one)
        return Doubt("rule", words) if words else None


def _time(left_ms: int) -> int:
    return max(1, min(DEADLINE_MS, left_ms))


def _shown(reply: TurnReply) -> dict[str, object]:
    return {
        "text": reply.text,
        "status": reply.status,
        "confidence": reply.confidence,
        "evidence": reply.evidence,
    }


def _held(guard: Installation, result: CallResult) -> str:
    """Why this guard does not let the reply pass; empty when it does."""
    if result.outcome is not Outcome.OK:
        return f"the guard {guard.title} failed ({result.outcome.value}: {result.detail})"
    try:
        verdict = _verdicts.decode(result.value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return f"the guard {guard.title} gave no verdict ({error})"
    if verdict.verdict == "pass":
        return ""
    return f"the guard {guard.title} says: {verdict.reason[:REASON_CHARS_MAX] or 'no reason given'}"
