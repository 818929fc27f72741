"""One agent's part of a turn: its hook called, its answer read or its failure named."""

import msgspec
from hyperpersonal_runtime.api import CallResult
from hyperpersonal_sdk.contract.messages import TEXT_CHARS_MAX
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.turns import TurnReply

from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.turns.calls import HookAsk, PluginCalls, usage
from hyperpersonal_core.turns.turn import Leg, Turn

STATE_BYTES_MAX = 16 * 1024
HOOK = "reply"

_replies = msgspec.json.Decoder(TurnReply)


class Agents:
    """Asks agents."""

    def __init__(self, calls: PluginCalls) -> None:
        self._calls = calls

    async def ask(self, turn: Turn, leg: Leg, agent: Installation, left_ms: int) -> None:
        """Run the leg and write its end into it: a reply, or a failure in words.

        `left_ms` is what is left of the turn's deadline.

        Raises:
            OutsideError: the turn cannot go on in this process.
        """
        ask = HookAsk(HOOK, msgspec.json.encode(leg.request), leg.path, left_ms)
        result = await self._calls.call(turn, agent, ask)
        leg.reply, leg.failure = read(result)
        leg.usage = usage(agent, result) | ({"failed": True} if leg.failure else {})


def read(result: CallResult) -> tuple[TurnReply | None, str]:
    """The reply in a result, or why there is none."""
    if result.outcome is not Outcome.OK:
        return None, f"{result.outcome.value}: {result.detail}"
    try:
        reply = _replies.decode(result.value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return None, f"its answer is no reply: {error}"
    fault = _fault(reply)
    return (None, f"its reply {fault}") if fault else (reply, "")


def _fault(reply: TurnReply) -> str:
    silent = not reply.text.strip() and not reply.leftover.strip()
    if silent and reply.status in ("done", "asking"):
        return "says nothing"
    if len(reply.text) > TEXT_CHARS_MAX:
        return f"has more than {TEXT_CHARS_MAX} characters"
    if reply.status == "handoff" and reply.handoff is None:
        return "hands over without saying why"
    kept = msgspec.json.encode([reply.state, reply.shared])
    if len(kept) > STATE_BYTES_MAX:
        return f"keeps more than {STATE_BYTES_MAX} bytes of state"
    # PostgreSQL cannot store it, and no shopper writes it.
    return "holds a NUL" if rb"\u0000" in msgspec.json.encode(reply) else ""
