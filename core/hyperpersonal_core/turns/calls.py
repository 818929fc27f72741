"""One hook of one installation, called on behalf of a turn: its journal kept, its cost told.

A plugin's failure is a value here: whatever a sandbox does, the shopper's turn goes on.
"""

import asyncio
from typing import Any

from hyperpersonal_runtime.api import CallResult, CallScope, HookCall, PluginHost
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import Struct, structs

from hyperpersonal_core.installations.releases import ReleaseStore
from hyperpersonal_core.installations.values import Installation
from hyperpersonal_core.kit.errors import OutsideError, RefusedError
from hyperpersonal_core.kit.tracing import traceparent
from hyperpersonal_core.models.bill import total
from hyperpersonal_core.turns.actions import GENERATE
from hyperpersonal_core.turns.turn import Turn

GRACE_S = 1.0


class HookAsk(Struct, frozen=True):
    """What a plugin is asked. `path` numbers its host calls in the turn's journal; `left_ms` is
    what is left of the turn's deadline."""

    hook: str
    payload: bytes
    path: str
    left_ms: int


class PluginCalls:
    """Calls plugins of a turn, through the plugin host."""

    def __init__(self, host: PluginHost, releases: ReleaseStore) -> None:
        self._host = host
        self._releases = releases

    async def call(self, turn: Turn, plugin: Installation, ask: HookAsk) -> CallResult:
        """Run the hook; a release that is not trusted is `refused`.

        Raises:
            OutsideError: the turn cannot go on in this process.
        """
        try:
            release = await self._releases.load(plugin.digest, unreviewed=plugin.unreviewed)
        except RefusedError as error:
            return CallResult(Outcome.REFUSED, detail=error.message)
        scope = _scope(turn, plugin, ask.path)
        call = plugin.call(release, ask.hook, ask.payload, scope, ask.left_ms)
        recorded = turn.live.entries_of(plugin.id)
        call = structs.replace(call, recorded=recorded, traceparent=traceparent())
        return await self._run(turn, call)

    async def _run(self, turn: Turn, call: HookCall) -> CallResult:
        try:
            async with asyncio.timeout(call.limits.deadline_ms / 1000 + GRACE_S):
                result = await self._host.call(call)
        except TimeoutError:
            return CallResult(Outcome.TIMED_OUT, detail="the host did not answer in time")
        except RefusedError as error:  # the journal would not let a write leave
            return CallResult(Outcome.REFUSED, detail=error.message)
        if result.outcome is Outcome.SUSPENDED:
            raise OutsideError("the sandboxes are closing; another process goes on")
        turn.live.told(call, result)
        return result


def usage(plugin: Installation, result: CallResult) -> dict[str, Any]:
    """What a call took, for the turn's record and the meters; `model`: what it asked of models."""
    asks = [entry.cost for entry in result.journal if entry.name == GENERATE and entry.cost]
    return ({"model": total(asks)} if asks else {}) | {
        "installation_id": plugin.id,
        "plugin": f"{plugin.plugin_id}@{plugin.version}",
        "outcome": result.outcome.value,
        "host_calls": len(result.journal),
        "runs": result.runs,
        "guest_cpu_ms": round(result.guest_cpu_ms, 3),
        "elapsed_ms": round(result.elapsed_ms, 3),
    }


def _scope(turn: Turn, plugin: Installation, path: str) -> CallScope:
    live = turn.live
    return CallScope(
        tenant_id=str(live.tenant_id),
        installation_id=str(plugin.id),
        turn_id=str(live.turn_id),
        conversation_id=str(live.conversation_id),
        contact_id=turn.contact.id,
        path=path,
    )
