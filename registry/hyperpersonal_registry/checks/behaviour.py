"""What the release does that the one before did not, and whether it says so.

Both are run through the same scenes and the same recorded calls, and their sources are compared for
the places they name. Each new host, recipient, field, amount, link or writing tool must be told in
the changelog's section of the version; a new tool may instead be one whose capability is newly
asked. A right to act, to move money or to reach a host that is newly asked is told there too, and a
guard holds back what it held. New reading within old rights, other texts and other escalations are
told to the reviewer.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
from hyperpersonal_runtime.api import Asked, Trace, compare
from hyperpersonal_sdk.verdicts import Verdict, verdict
from msgspec import structs

from hyperpersonal_registry.checks.amounts import handed_otherwise
from hyperpersonal_registry.checks.answers import told_otherwise
from hyperpersonal_registry.checks.behind import behind
from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.declared import declared
from hyperpersonal_registry.checks.examination import Examination, Play, Unfit
from hyperpersonal_registry.checks.loosened import loosened
from hyperpersonal_registry.checks.meaning import READS, judged
from hyperpersonal_registry.checks.own_tests import fixtures_of
from hyperpersonal_registry.checks.people import moved_on
from hyperpersonal_registry.checks.places import (
    literals,
    new_numbers,
    new_words,
    places,
    words_of,
)
from hyperpersonal_registry.checks.rehearsal import perform
from hyperpersonal_registry.checks.requests import parsed, texts_in
from hyperpersonal_registry.checks.scenario import scenes
from hyperpersonal_registry.checks.scene import Scene
from hyperpersonal_registry.checks.substitutes import substituted
from hyperpersonal_registry.checks.told import Told, told
from hyperpersonal_registry.checks.truth import untrue
from hyperpersonal_registry.checks.uses import uses
from hyperpersonal_registry.checks.waking import thresholds, waking

NAME = "behaviour"
REASON = "An update goes to people who trusted the release before; it must not surprise them."
FIX = "Say it in the changelog under this version, by name, or take it out."
WAIVABLE = True

_BY_WORDS = frozenset({"money", "model", "handoff", "answer"})  # by nothing else
PUT_IN_CHARS_MIN = 20


async def check(examination: Examination) -> Verdict:
    """FAIL with what is new and not told; the rest as notes."""
    before, release = examination.previous, examination.release
    try:
        if not examination.runs_code:
            return verdict(NAME, "PASS")
        if before is None:
            return await _first(examination, release)
    except Unfit as error:
        return verdict(NAME, "FAIL", f"It was not run: {error}")
    said = told(release, before)
    changes = [change async for change in _changes(examination, before, release)]
    unsaid = _once(one for one in changes if one.grave and not is_told(one, said))
    notes = _once(one for one in changes if not one.grave or is_told(one, said))
    asked = [f"asks for more: {text}" for text in said.more.texts]
    silent = [right.text for right in said.more if not said.news or not said.explains(right)]
    if silent:
        version = release.manifest.version
        words = f"asks for more: {silent[0]}, and the changelog says nothing of {version} about it"
        unsaid = [*unsaid, words]
    told_notes = tuple(f"note: {text}" for text in (*asked, *notes))
    if unsaid:
        return verdict(NAME, "FAIL", f"{unsaid[0]}. {FIX}", (*unsaid, *told_notes))
    return verdict(NAME, "PASS", detail=told_notes)


async def _first(examination: Examination, release: Play) -> Verdict:
    """Of a first release: what it does with people's data and does not say."""
    unsaid = tuple(one.words for one in await uses(examination, release))
    note = "note: there is no release to compare with"
    if unsaid:
        return verdict(NAME, "FAIL", f"{unsaid[0]}. Say it in [[listing.data]].", (*unsaid, note))
    return verdict(NAME, "PASS", detail=(note,))


def is_told(change: Change, said: Told) -> bool:
    """Whether the release says that it does this."""
    if said.speaks_of(change.kind):
        return True
    if change.kind in _BY_WORDS:
        return False
    if change.beyond and said.speaks_of_numbers:
        return True
    if change.kind == "tool" and change.names and all(map(said.asks_newly, change.names)):
        return True
    if change.values and all(len(one) > 2 and said.names(one) for one in change.values):
        return True
    names = said.names_host if change.kind in ("host", "recipient") else said.names
    return bool(change.names) and all(map(names, change.names))


async def _changes(examination: Examination, before: Play, release: Play) -> AsyncIterator[Change]:
    for change in (*declared(before, release), *_places(before, release)):
        yield change
    known_uses = {one.words for one in await uses(examination, before)}
    for change in await uses(examination, release):
        if change.words not in known_uses:
            yield change
    both = (before, release)
    woken = waking(both, new_words(before, release), words_of(before))
    for scene in (*scenes(both), *woken):
        for change in await _played(examination, both, scene):
            yield change
    for scene in thresholds(both, new_numbers(before, release)):
        for change in await _played(examination, both, scene):
            yield structs.replace(change, beyond=True)
    async for change in _recorded(examination, before, release):
        yield change
    async for change in _beyond_scenes(examination, both):
        yield change


async def _beyond_scenes(
    examination: Examination, both: tuple[Play, Play]
) -> AsyncIterator[Change]:
    """What no scene meets by itself: turned conditions, odd arguments, the rights of before."""

    def judge(was: list[Trace], now: list[Trace], scene: Scene) -> list[Change]:
        return _between(both, was, now, scene)

    async for change in behind(examination.stage, both, judge):
        yield change
    for found in (loosened(examination.stage, both), untrue(examination.stage, both)):
        async for change in found:
            yield change


async def _recorded(examination: Examination, before: Play, release: Play) -> AsyncIterator[Change]:
    """What goes otherwise in the calls that were signed with the release before."""
    try:
        recorded = fixtures_of(before)
    except (msgspec.DecodeError, UnicodeDecodeError):
        recorded = {}
    for path, fixture in recorded.items():
        stage = examination.stage
        known = await stage.replay(before.call(path, fixture.hook, b"null"), fixture)
        found = await stage.replay(release.call(path, fixture.hook, b"null"), fixture)
        new = [one for one in found if one.words not in {old.words for old in known}]
        asked = fixture.payload if isinstance(fixture.payload, dict) else {}
        plain = {*literals(release), asked.get("idempotency_key", "")}
        for change in judged(new, None, path):
            if not (change.kind == "header" and set(change.values) <= plain):
                yield change


async def _played(examination: Examination, both: tuple[Play, Play], scene: Scene) -> list[Change]:
    """What the two do otherwise in one scene."""
    before, release = both
    was = await perform(examination.stage, before, scene)
    now = await perform(examination.stage, release, scene)
    return _between(both, was, now, scene)


def _between(
    both: tuple[Play, Play], was: list[Trace], now: list[Trace], scene: Scene
) -> list[Change]:
    before, release = both
    found = list(told_otherwise(was, now, scene.name))
    written = literals(release)
    found += substituted(was, now, written - literals(before), scene)
    found += moved_on(was, now, scene, written)
    for one, other in zip(was, now, strict=False):
        found += judged(compare(one, other), other, scene.name)
        found += handed_otherwise(one, other, scene.name)
        found += _put_in(before, release, (one, other), scene)
    found += _searches(was, now, scene)
    hosts = {place for place, kind in places(before).items() if kind == "host"}
    return [
        one for one in found
        if not (one.kind == "host" and set(one.names) <= hosts)
        and not (one.kind == "header" and set(one.values) <= written)
    ]  # fmt: skip


def _searches(was: list[Trace], now: list[Trace], scene: Scene) -> Iterator[Change]:
    """Words that neither somebody in the scene nor the release before looks for."""
    said = " ".join(texts_in(list(scene.payloads)))
    known = {query for trace in was for query in _queries(trace)}
    for query in dict.fromkeys(query for trace in now for query in _queries(trace)):
        if query not in known and query not in said:
            words = f"searches the merchant's articles for words of its own: {query[:60]}"
            yield Change("tool", words, ("knowledge.search",), scene.name)


def _queries(trace: Trace) -> Iterator[str]:
    for asked in trace.asked:
        if asked.name == "knowledge.search":
            request = parsed(asked.request)
            yield str(request.get("query", "")) if isinstance(request, dict) else ""


def _places(before: Play, release: Play) -> Iterator[Change]:
    known = places(before)
    for place, kind in places(release).items():
        if place not in known:
            yield Change(kind, f"names a {kind} that the release before did not: {place}", (place,))


def _put_in(
    before: Play, release: Play, traces: tuple[Trace, Trace], scene: Scene
) -> Iterator[Change]:
    """Of a model: words it hands its vendor that neither the asker wrote nor the release before."""
    if release.manifest.kind != "model" or before.manifest.kind != "model":
        return
    written = " ".join(texts_in([*scene.payloads, *(_request(a) for a in traces[0].asked)]))
    for asked in traces[1].asked:
        if asked.name in READS:  # the merchant's own articles and facts are no vendor
            continue
        for text in texts_in([_request(asked)]):
            if len(text) >= PUT_IN_CHARS_MIN and text not in written:
                words = f"it puts words in that nobody asked for: “{text[:100]}”"
                yield Change("words", words, ("instructions",), scene.name)


def _request(asked: Asked) -> Any:
    return parsed(asked.request)


def _once(changes: Iterator[Change]) -> list[str]:
    """Each kind of change once, with the first place it was seen."""
    found: dict[str, str] = {}
    for one in changes:
        found.setdefault(one.words, f"{one.words} ({one.scene})" if one.scene else one.words)
    return list(found.values())
