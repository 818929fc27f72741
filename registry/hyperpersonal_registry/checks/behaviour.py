"""What the release does that the one before did not, and whether it says so.

Both are run through the same scenes and the same recorded calls, and their sources are compared for
the places they name. Each new host, recipient, field, amount, link or writing tool must be told in
the changelog's section of the version; a new tool may instead be one whose capability is newly
asked. A right to act, to move money or to reach a host that is newly asked is told there too, and a
guard holds back what it held. New reading within old rights, other texts and other escalations are
told to the reviewer.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import msgspec
from hyperpersonal_runtime.api import Asked, Difference, Trace, compare
from hyperpersonal_sdk.contract.hooks import ReviewVerdict
from hyperpersonal_sdk.verdicts import Verdict, verdict
from msgspec import structs

from hyperpersonal_registry.checks.amounts import handed_otherwise
from hyperpersonal_registry.checks.answers import told_otherwise
from hyperpersonal_registry.checks.changes import Change
from hyperpersonal_registry.checks.declared import declared
from hyperpersonal_registry.checks.examination import Examination, Play, Unfit
from hyperpersonal_registry.checks.own_tests import fixtures_of
from hyperpersonal_registry.checks.places import (
    literals,
    new_numbers,
    new_words,
    places,
    words_of,
)
from hyperpersonal_registry.checks.rehearsal import perform
from hyperpersonal_registry.checks.requests import parsed, texts_in
from hyperpersonal_registry.checks.scenario import KEY, Scene, scenes
from hyperpersonal_registry.checks.sinks import Kept, kept, private
from hyperpersonal_registry.checks.told import Told, told
from hyperpersonal_registry.checks.uses import uses
from hyperpersonal_registry.checks.waking import thresholds, waking

NAME = "behaviour"
REASON = "An update goes to people who trusted the release before; it must not surprise them."
FIX = "Say it in the changelog under this version, by name, or take it out."
WAIVABLE = True

PUT_IN_CHARS_MIN = 20
_SENDS = frozenset({"http.fetch", "http.open"})
_READS = frozenset({"kv.get", "kv.keys", "memory.recall", "knowledge.search"})


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
    spoken = {"money": said.speaks_of_money, "model": said.speaks_of_models,
              "handoff": said.speaks_of_people}  # fmt: skip
    if change.kind in spoken:
        return spoken[change.kind]
    if change.kind == "number" and said.speaks_of_money:
        return True
    if change.beyond and said.speaks_of_numbers:
        return True
    if change.kind == "tool" and change.names and all(map(said.asks_newly, change.names)):
        return True
    if change.values and all(len(one) > 2 and said.names(one) for one in change.values):
        return True
    return bool(change.names) and all(said.names(name) for name in change.names)


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
        for change in _judged(new, None, path):
            if not (change.kind == "header" and set(change.values) <= plain):
                yield change


async def _played(examination: Examination, both: tuple[Play, Play], scene: Scene) -> list[Change]:
    """What the two do otherwise in one scene."""
    before, release = both
    was = await perform(examination.stage, before, scene)
    now = await perform(examination.stage, release, scene)
    found = list(told_otherwise(was, now, scene.name))
    written = literals(release)
    known = private(scene.payloads, [*was, *now])
    known = {text: name for text, name in known.items() if text not in written}
    for data in sorted(_newly(kept(was, known), kept(now, known)), key=str):
        words = f"puts the {data.what} of people into its {data.where}"
        found.append(Change("kept", words, (data.where,), scene.name))
    for one, other in zip(was, now, strict=False):
        found += _judged(compare(one, other), other, scene.name)
        found += handed_otherwise(one, other, scene.name)
        found += _put_in(before, release, (one, other), scene)
    found += _searches(was, now, scene)
    hosts = {place for place, kind in places(before).items() if kind == "host"}
    return [
        one for one in found
        if not (one.kind == "host" and set(one.names) <= hosts)
        and not (one.kind == "header" and set(one.values) <= written)
    ]  # fmt: skip


def _newly(was: set[Kept], now: set[Kept]) -> set[Kept]:
    """Bodies of requests have fields of their own, which are compared by name."""
    return {one for one in now - was if one.where != "body"}


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


def _judged(differences: Sequence[Difference], after: Trace | None, scene: str) -> Iterator[Change]:
    for one in differences:
        change = _change(one, after, scene)
        if change is not None:
            yield change


def _change(one: Difference, after: Trace | None, scene: str) -> Change | None:
    """What a difference means; None for what nobody needs to be told."""
    last = one.words.rpartition(": ")[2]
    names: dict[str, tuple[str, ...]] = {
        "host": (last,),
        "recipient": (last,),
        "field": tuple(name.rpartition(".")[2] for name in last.split(", ")),
        "tool added": _tools(one),
    }
    kind = _kind(one)
    if kind == "model":
        return Change(kind, "tells a model otherwise what to do", (), scene)
    if kind in ("field", "header", "tool"):
        change = Change(kind, one.words, names[one.kind], scene, grave=_leaves(one, after))
        return structs.replace(change, values=_values(one, last.split(", ")))
    if kind in ("host", "recipient", "money", "refused"):
        return Change(kind, one.words, names.get(kind, ()), scene)
    if kind == "answer" and _lets_pass(one):
        return Change(kind, "lets pass what the release before held back", (), scene)
    if kind in ("handoff", "status", "outcome"):
        return Change(kind, one.words, (), scene, grave=False)
    return _lost(one, scene)


def _kind(one: Difference) -> str:
    """A difference's kind, as it is judged: a header is a field, a model's ask a tool, and money
    that no longer moves is nothing to tell."""
    if one.kind == "tool added":
        return "model" if _call(one) == "model.generate" else "tool"
    names = one.words.rpartition(": ")[2].split(", ")
    if one.kind == "field" and all(name.startswith("headers.") for name in names):
        return "header"
    if one.kind == "money" and '"failure"' in one.after:
        return "failure"
    return one.kind


def _values(one: Difference, names: list[str]) -> tuple[str, ...]:
    """What the fields that are new hold, where that is a text."""
    request = parsed(one.after)
    given = request.get("arguments", request) if isinstance(request, dict) else {}
    found = []
    for name in names:
        value = given
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        found.append(value if isinstance(value, str) else "")
    return tuple(found)


def _lost(one: Difference, scene: str) -> Change | None:
    """What an update may not leave out in silence."""
    if one.kind == "evidence" and one.after == "[]":
        words = "it answers and no longer shows where it has it from"
        return Change("evidence", words, ("evidence",), scene)
    if one.kind == "arguments" and KEY in one.before and KEY not in one.after:
        words = "it no longer hands on the key by which a write acts once"
        return Change("key", words, ("key",), scene)
    return None


def _lets_pass(one: Difference) -> bool:
    """Whether a guard's verdict went from holding to passing."""
    return _verdict(one.before) == "hold" and _verdict(one.after) == "pass"


def _verdict(answer: str) -> str:
    try:
        return msgspec.json.decode(answer, type=ReviewVerdict).verdict
    except msgspec.MsgspecError:
        return ""


def _put_in(
    before: Play, release: Play, traces: tuple[Trace, Trace], scene: Scene
) -> Iterator[Change]:
    """Of a model: words it hands its vendor that neither the asker wrote nor the release before."""
    if release.manifest.kind != "model" or before.manifest.kind != "model":
        return
    written = " ".join(texts_in([*scene.payloads, *(_request(a) for a in traces[0].asked)]))
    for asked in traces[1].asked:
        if asked.name in _READS:  # the merchant's own articles and facts are no vendor
            continue
        for text in texts_in([_request(asked)]):
            if len(text) >= PUT_IN_CHARS_MIN and text not in written:
                words = f"it puts words in that nobody asked for: “{text[:100]}”"
                yield Change("words", words, ("instructions",), scene.name)


def _request(asked: Asked) -> Any:
    return parsed(asked.request)


def _leaves(one: Difference, after: Trace | None) -> bool:
    """Whether the call it is about writes, or goes out of the shop."""
    asked = next((a for a in after.asked if a.path == one.path), None) if after else None
    if asked is None:
        return _call(one) not in _READS
    return asked.write or asked.name in _SENDS


def _tools(one: Difference) -> tuple[str, ...]:
    try:
        request = msgspec.json.decode(one.after)
    except msgspec.DecodeError:
        return ()
    tool = request.get("tool") or request.get("url") if isinstance(request, dict) else None
    return (str(tool or _call(one)),)


def _call(one: Difference) -> str:
    """The host call that a difference of the kind `tool added` is about."""
    return one.words.removeprefix("new: ").partition(" ")[0]


def _once(changes: Iterator[Change]) -> list[str]:
    """Each kind of change once, with the first place it was seen."""
    found: dict[str, str] = {}
    for one in changes:
        found.setdefault(one.words, f"{one.words} ({one.scene})" if one.scene else one.words)
    return list(found.values())
