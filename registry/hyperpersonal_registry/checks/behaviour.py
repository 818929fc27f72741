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
from msgspec import Struct

from hyperpersonal_registry.checks.examination import Examination, Play, Unfit
from hyperpersonal_registry.checks.own_tests import fixtures_of
from hyperpersonal_registry.checks.places import new_words, places
from hyperpersonal_registry.checks.rehearsal import perform
from hyperpersonal_registry.checks.requests import parsed, texts_in
from hyperpersonal_registry.checks.scenario import KEY, Scene, scenes
from hyperpersonal_registry.checks.told import Told, told
from hyperpersonal_registry.checks.waking import waking

NAME = "behaviour"
REASON = "An update goes to people who trusted the release before; it must not surprise them."
FIX = "Say it in the changelog under this version, by name, or take it out."
WAIVABLE = True

PUT_IN_CHARS_MIN = 20
_SENDS = frozenset({"http.fetch", "http.open"})
_READS = frozenset({"kv.get", "kv.keys", "memory.recall", "knowledge.search"})


class Change(Struct, frozen=True):
    """One difference, judged. `names`: what the changelog would have to name."""

    kind: str
    words: str
    names: tuple[str, ...] = ()
    scene: str = ""
    grave: bool = True


async def check(examination: Examination) -> Verdict:
    """FAIL with what is new and not told; the rest as notes."""
    before, release = examination.previous, examination.release
    try:
        if not examination.runs_code or before is None:
            return verdict(NAME, "PASS", detail=("note: there is no release to compare with",))
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


def is_told(change: Change, said: Told) -> bool:
    """Whether the release says that it does this."""
    if change.kind == "money":
        return said.speaks_of_money
    if change.kind == "tool" and change.names and all(map(said.asks_newly, change.names)):
        return True
    return bool(change.names) and all(said.names(name) for name in change.names)


async def _changes(examination: Examination, before: Play, release: Play) -> AsyncIterator[Change]:
    for change in _places(before, release):
        yield change
    both = (before, release)
    for scene in (*scenes(both), *waking(both, new_words(before, release))):
        was = await perform(examination.stage, before, scene)
        now = await perform(examination.stage, release, scene)
        for one, other in zip(was, now, strict=False):
            for change in _judged(compare(one, other), other, scene.name):
                yield change
            for change in _put_in(before, release, (one, other), scene):
                yield change
            if _evidence(one) and not _shows(other):
                words = "it answers and no longer shows where it has it from"
                yield Change("evidence", words, ("evidence",), scene.name)
    try:
        recorded = fixtures_of(before)
    except (msgspec.DecodeError, UnicodeDecodeError):
        recorded = {}
    for path, fixture in recorded.items():
        stage = examination.stage
        known = await stage.replay(before.call(path, fixture.hook, b"null"), fixture)
        found = await stage.replay(release.call(path, fixture.hook, b"null"), fixture)
        new = [one for one in found if one.words not in {old.words for old in known}]
        for change in _judged(new, None, path):
            yield change


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
    kind = "tool" if one.kind == "tool added" else one.kind
    if kind in ("field", "tool"):
        return Change(kind, one.words, names[one.kind], scene, grave=_leaves(one, after))
    if kind in ("host", "recipient", "money", "refused"):
        return Change(kind, one.words, names.get(kind, ()), scene)
    if kind == "answer" and _lets_pass(one):
        return Change(kind, "lets pass what the release before held back", (), scene)
    if kind in ("handoff", "status", "outcome"):
        return Change(kind, one.words, (), scene, grave=False)
    return _lost(one, scene)


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


def _shows(trace: Trace) -> bool:
    """Whether a reply names its evidence, or says nothing that would need some."""
    reply = _reply(trace)
    if reply.get("status", "done") != "done":
        return True
    return bool(reply.get("evidence")) or not reply.get("text")


def _evidence(trace: Trace) -> bool:
    """Whether a reply names any: what was not there cannot be dropped."""
    return bool(_reply(trace).get("evidence"))


def _reply(trace: Trace) -> dict[str, Any]:
    try:
        reply = msgspec.json.decode(trace.value)
    except msgspec.DecodeError:
        return {}
    return reply if isinstance(reply, dict) else {}


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
