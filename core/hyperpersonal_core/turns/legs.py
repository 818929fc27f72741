"""One agent's part of a turn: its hook called in its sandbox, its answer read or its failure named.

A plugin's failure is a value here: whatever a sandbox does, the shopper's turn goes on.
"""

import asyncio
from typing import Any

import msgspec
from hyperpersonal_runtime.api import CallResult, CallScope, HookCall, PluginHost
from hyperpersonal_sdk.contract.messages import TEXT_CHARS_MAX
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.turns import TurnReply
from msgspec import structs

from hyperpersonal_core.installations.releases import ReleaseStore
from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.tracing import traceparent
from hyperpersonal_core.turns.turn import Leg, Turn

STATE_BYTES_MAX = 16 * 1024
GRACE_S = 1.0
HOOK = "reply"

_replies = msgspec.json.Decoder(TurnReply)


class Agents:
    """Asks agents, through the plugin host."""

    def __init__(self, host: PluginHost, releases: ReleaseStore) -> None:
        self._host = host
        self._releases = releases

    async def ask(self, turn: Turn, leg: Leg, agent: Installation, left_ms: int) -> None:
        """Run the leg and write its end into it: a reply, or a failure in words.

        `left_ms` is what is left of the turn's deadline.

        Raises:
            OutsideError: the turn cannot go on in this process.
        """
        try:
            release = await self._releases.load(agent.digest)
        except RefusedError as error:
            leg.failure = f"refused: {error.message}"
            return
        payload = msgspec.json.encode(leg.request)
        call = agent.call(release, HOOK, payload, _scope(turn, leg), left_ms)
        result = await self._run(turn, agent, call)
        leg.usage = _usage(agent, result)
        leg.reply, leg.failure = read(result)

    async def _run(self, turn: Turn, agent: Installation, call: HookCall) -> CallResult:
        rows = turn.live.rows.values()
        recorded = tuple(row.entry() for row in rows if row.installation_id == agent.id)
        call = structs.replace(call, recorded=recorded, traceparent=traceparent())
        try:
            async with asyncio.timeout(call.limits.deadline_ms / 1000 + GRACE_S):
                result = await self._host.call(call)
        except TimeoutError:
            return CallResult(Outcome.TIMED_OUT, detail="the host did not answer in time")
        except RefusedError as error:  # the journal would not let a write leave
            return CallResult(Outcome.REFUSED, detail=error.message)
        if result.outcome is Outcome.SUSPENDED:
            raise OutsideError("the sandboxes are closing; another process goes on")
        turn.live.record(result.journal, agent.id)
        return result


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
    if not 0.0 <= reply.confidence <= 1.0:
        return "has a confidence outside 0..1"
    if reply.status == "handoff" and reply.handoff is None:
        return "hands over without saying why"
    kept = msgspec.json.encode([reply.state, reply.shared])
    if len(kept) > STATE_BYTES_MAX:
        return f"keeps more than {STATE_BYTES_MAX} bytes of state"
    # PostgreSQL cannot store it, and no shopper writes it.
    return "holds a NUL" if rb"\u0000" in msgspec.json.encode(reply) else ""


def _scope(turn: Turn, leg: Leg) -> CallScope:
    live = turn.live
    return CallScope(
        tenant_id=str(live.tenant_id),
        installation_id=str(leg.installation_id),
        turn_id=str(live.turn_id),
        conversation_id=str(live.conversation_id),
        contact_id=turn.contact.id,
        path=leg.path,
    )


def _usage(agent: Installation, result: CallResult) -> dict[str, Any]:
    return {
        "installation_id": agent.id,
        "plugin": f"{agent.plugin_id}@{agent.version}",
        "outcome": result.outcome.value,
        "host_calls": len(result.journal),
        "runs": result.runs,
        "guest_cpu_ms": round(result.guest_cpu_ms, 3),
        "elapsed_ms": round(result.elapsed_ms, 3),
    }
