"""What a release does with what the one before made safe: odd arguments, rights that are missing.

An update runs under the grants merchants gave before, until they consent to more; and what a tool
is called with comes from models and shoppers.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

from hyperpersonal_runtime.api import Stage, Trace
from hyperpersonal_sdk.capabilities import Capability, CapabilitySet, Http
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import structs

from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.examination import Play
from hyperpersonal_registry.checks.rehearsal import perform
from hyperpersonal_registry.checks.requests import SENDS, parsed
from hyperpersonal_registry.checks.scenario import hooks_of, scenes_of

WISH_TURNS = 2  # see scenario.py
TOOLS_MAX, SCENES_MAX = 8, 2
_CALLS = {"memory:contact.write": "memory.remember", "memory:contact.read": "memory.recall",
          "knowledge:read": "knowledge.search"}  # fmt: skip
_UP = "../../odd?a=1&b=2"


async def loosened(stage: Stage, both: tuple[Play, Play]) -> AsyncIterator[Change]:
    """What was held before and is not any more."""
    async for change in _odd(stage, both):
        yield change
    async for change in _dependent(stage, both):
        yield change
    async for change in _for_strangers(stage, both):
        yield change


async def _odd(stage: Stage, both: tuple[Play, Play]) -> AsyncIterator[Change]:
    before, release = both
    if before.manifest.connector is None or release.manifest.connector is None:
        return
    known = set(before.manifest.connector.tools)
    calls = [one for one in scenes_of("call_tool", list(both)) if one.payloads[0]["tool"] in known]
    for scene in calls[:TOOLS_MAX]:
        tool = scene.payloads[0]["tool"]
        asked = structs.replace(scene, payloads=(_oddly(scene.payloads[0]),))
        if any(_climbs(await perform(stage, before, asked))):
            continue
        if any(_climbs(await perform(stage, release, asked))):
            words = f"puts what {tool} is given into an address as it stands, unquoted, unchecked"
            yield Change("odd", words, (), scene.name)


def _oddly(payload: dict[str, Any]) -> dict[str, Any]:
    given = {name: _UP if isinstance(value, str) else value
             for name, value in payload["arguments"].items()}  # fmt: skip
    return {**payload, "arguments": given}


def _climbs(traces: list[Trace]) -> Iterator[bool]:
    """Whether a path of an address is left."""
    for trace in traces:
        for asked in trace.asked:
            request = parsed(asked.request) if asked.name in SENDS else {}
            url = str(request.get("url", "")) if isinstance(request, dict) else ""
            yield "/.." in urlsplit(url).path


async def _for_strangers(stage: Stage, both: tuple[Play, Play]) -> AsyncIterator[Change]:
    """Writes that were made for an order's owner only."""
    if "reply" not in hooks_of([both[0]]):
        return
    talks = [one for one in scenes_of("reply", list(both)) if len(one.payloads) == WISH_TURNS]
    for owner, stranger in zip(*(
        [one for one in talks if one.deep is deep] for deep in (True, False)
    ), strict=True):  # fmt: skip
        if _writes(await perform(stage, both[0], stranger)):
            continue
        if not _writes(await perform(stage, both[0], owner)):
            continue
        if _writes(await perform(stage, both[1], stranger)):
            words = "acts for somebody who is not the owner, which the release before refused"
            yield Change("stranger", words, (), stranger.name)


def _writes(traces: list[Trace]) -> bool:
    return any(one.write and one.name == "tool.call" for trace in traces for one in trace.asked)


async def _dependent(stage: Stage, both: tuple[Play, Play]) -> AsyncIterator[Change]:
    """Work that stops where a merchant has not yet consented to more."""
    before, release = both
    more = release.manifest.asked.beyond(before.manifest.asked)
    gone = {right.key[0] for right in before.manifest.asked.beyond(release.manifest.asked)}
    if all(right.key[0] in gone for right in more):  # one took another's place
        return
    given = CapabilitySet(
        right for right in release.manifest.asked
        if before.manifest.asked.covers(CapabilitySet([right]))
    )  # fmt: skip
    held = release.granted(given.texts)
    for hook in hooks_of([before]):
        for scene in list(scenes_of(hook, list(both)))[:SCENES_MAX]:
            was, now = await perform(stage, before, scene), await perform(stage, held, scene)
            for one, other in zip(was, now, strict=False):
                if one.outcome is Outcome.OK and other.outcome is not Outcome.OK:
                    words = "works no longer where a merchant did not consent to what it newly asks"
                    yield Change("rights", words, tuple(map(_about, more)), scene.name)


def _about(right: Capability) -> str:
    """What the changelog has to speak of, where a right is needed."""
    if isinstance(right, Http):
        return right.url.host
    return _CALLS.get(right.text.partition("<")[0], right.text)
