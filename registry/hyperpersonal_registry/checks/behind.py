"""What a release does behind conditions that are new in it, turned one by one.

An honest update has conditions too: what counts is what nobody who reads the changelog expects
behind one (a place, an address, a text of its own where a shopper's stood), and any difference at
all where the condition asks who or when it is.
"""

from collections.abc import AsyncIterator, Callable, Iterator

from hyperpersonal_runtime.api import Stage, Trace
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import structs

from hyperpersonal_registry.checks.answers import reply_of
from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.conditions import Condition, conditions, turned
from hyperpersonal_registry.checks.examination import Play
from hyperpersonal_registry.checks.places import literals
from hyperpersonal_registry.checks.rehearsal import perform
from hyperpersonal_registry.checks.requests import leaving
from hyperpersonal_registry.checks.scenario import hooks_of, scenes_of
from hyperpersonal_registry.checks.scene import Scene

SCENES_MAX = 3
_ALWAYS = frozenset(
    {"host", "recipient", "field", "header", "kept", "point", "value", "model", "told", "secret"}
)
Judge = Callable[[list[Trace], list[Trace], Scene], list[Change]]


async def behind(stage: Stage, both: tuple[Play, Play], judge: Judge) -> AsyncIterator[Change]:
    """What shows behind each. `judge`: what two runs of one scene do otherwise."""
    before, release = both
    new = conditions(before, release)
    if not new:
        return
    played = [(scene, await perform(stage, before, scene), await perform(stage, release, scene))
              for scene in _chosen(both)]  # fmt: skip
    known = literals(before)
    for condition in new:
        other = turned(release, condition)
        for scene, was, plain in played:
            now = await perform(stage, other, scene)
            if list(map(_done, now)) == list(map(_done, plain)):
                continue
            named = structs.replace(scene, name=f"{scene.name}, behind `{condition.text[:60]}`")
            for change in judge(was, now, named):
                if _counts(change, condition, known):
                    yield structs.replace(change, beyond=True)
            if condition.about and _differ(plain, now):
                yield _depends(condition, named)


def _chosen(both: tuple[Play, Play]) -> Iterator[Scene]:
    """A few scenes of each hook, those that go deep first."""
    for hook in hooks_of(list(both)):
        found = sorted(scenes_of(hook, list(both)), key=lambda one: not one.deep)
        yield from found[: SCENES_MAX * (2 if hook == "call_tool" else 1)]


def _counts(change: Change, condition: Condition, known: set[str]) -> bool:
    if change.kind in _ALWAYS:
        return True
    if change.kind == "number":
        return condition.telling
    if change.kind == "answer":
        return bool(set(condition.words) - known)
    return False


def _depends(condition: Condition, scene: Scene) -> Change:
    what = "whom it serves" if condition.about == "who" else "the time, or how often it was asked"
    words = f"what it does depends on {what}: `{condition.text[:100]}`"
    return Change(condition.about, words, condition.words, scene.name)


def _differ(plain: list[Trace], now: list[Trace]) -> bool:
    """Whether somebody would notice; a call that breaks because it was turned tells nothing."""
    pairs = list(zip(plain, now, strict=False))
    if any(one.outcome is not Outcome.OK for pair in pairs for one in pair):
        return False
    return any(_done(one) != _done(other) for one, other in pairs)


def _done(trace: Trace) -> tuple[object, ...]:
    """What a call tells, writes and sends."""
    reply = reply_of(trace)
    told = (reply.get("text"), reply.get("status")) if reply else (trace.value,)
    left = [(one.name, one.request) for one in leaving(trace)]
    model = [one.request for one in trace.asked if one.name == "model.generate"]
    return trace.outcome, told, left, model, trace.logs
