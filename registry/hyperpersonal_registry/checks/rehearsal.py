"""Both releases of a plugin, run through the same scenes."""

from typing import Any

import msgspec
from hyperpersonal_runtime.api import Stage, Trace
from hyperpersonal_sdk.contract.outcomes import Outcome

from hyperpersonal_registry.checks.examination import Play
from hyperpersonal_registry.checks.scene import Scene
from hyperpersonal_registry.checks.worlds import world


async def perform(stage: Stage, play: Play, scene: Scene) -> list[Trace]:
    """How each call of a scene goes; a scene ends where a call does not end well."""
    outside, carried, traces = world(scene), dict[str, Any](), []
    for number, payload in enumerate(scene.payloads):
        data = msgspec.json.encode(_carried(payload, carried))
        call = play.call(f"{scene.name}-{number}", scene.hook, data)
        trace = await stage.run(call, outside, scene.now, scene.chance)
        traces.append(trace)
        if trace.outcome is not Outcome.OK:
            break
        if scene.carries:
            carried = _kept(trace, carried)
    return traces


def _carried(payload: dict[str, Any], carried: dict[str, Any]) -> dict[str, Any]:
    if not carried:
        return payload
    shared = {**payload.get("shared", {}), **carried["shared"]}
    return {**payload, "state": carried["state"], "shared": shared}


def _kept(trace: Trace, before: dict[str, Any]) -> dict[str, Any]:
    """What a reply leaves for the next one."""
    try:
        reply = msgspec.json.decode(trace.value)
    except msgspec.DecodeError:
        return before
    if not isinstance(reply, dict):
        return before
    return {"state": reply.get("state") or {}, "shared": reply.get("shared") or {}}
