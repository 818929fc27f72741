"""A release replayed on another's record: planted regressions are named, honest rewrites are not.

`HP_REPLAY_TURNS`: how many recorded turns each change is tried on, at most (default 8).
"""

import os
from collections import Counter, defaultdict
from functools import partial
from hashlib import sha256

import msgspec
import pytest
from fakes.changes import HONEST, REGRESSIONS, Change, changed
from fakes.replay_stage import Stage
from hyperpersonal_core.api import RecordedTurn
from hyperpersonal_runtime.api import CallRecord, Replayed, Replayer, SealedRelease, gathered
from hyperpersonal_runtime.replay.known import aim
from hyperpersonal_runtime.testing import default_cache
from msgspec import structs

TURNS_MAX = int(os.environ.get("HP_REPLAY_TURNS", "8"))
MISSED_MAX, FALSE_ALARMS_MAX = 2, 1
AT_ONCE = 6

Tried = tuple[Change, list[Replayed]]


def deeds(call: CallRecord, turn: RecordedTurn) -> set[str]:
    """What a plugin did in a call: how it ended, and what it asked of whom."""
    told, given = msgspec.json.decode(call.value or "{}"), msgspec.json.decode(call.payload)
    did = {f"{name} {told.get(name)}" for name in ("status", "verdict") if name in told}
    did |= {name for name in ("leftover", "handoff", "failure", "state", "moved") if told.get(name)}
    did |= {" ".join(str(given.get(name, "")).split()[:2]) for name in ("text", "tool")}
    did |= {aim(one.name, one.request) for one in turn.recording.entries_of(call)
            if one.name != "http.fetch"}  # fmt: skip
    return did


def samples(stage: Stage) -> dict[str, list[RecordedTurn]]:
    """Turns by plugin, at most so many, that together show as much as can be of what it does."""
    by_plugin: dict[str, list[tuple[set[str], RecordedTurn]]] = defaultdict(list)
    for turn in stage.turns:
        for call in turn.recording.calls:
            by_plugin[call.plugin_id.partition("/")[2]].append((deeds(call, turn), turn))
    return {plugin: chosen(found) for plugin, found in by_plugin.items()}


def chosen(found: list[tuple[set[str], RecordedTurn]]) -> list[RecordedTurn]:
    """Greedily those that add most; each turn once."""
    seen: Counter[str] = Counter()
    turns: list[RecordedTurn] = []
    rest = list(found)
    while rest and len(turns) < TURNS_MAX:
        best = max(rest, key=lambda pair: sum(1 / (1 + seen[deed]) ** 2 for deed in pair[0]))
        seen.update(best[0])
        turns.append(best[1])
        rest = [pair for pair in rest if pair[1] is not best[1]]
    return turns


async def tried(stage: Stage, changes: tuple[Change, ...]) -> list[Tried]:
    """What every change shows on the turns of its plugin."""
    turns = samples(stage)
    replayer = Replayer(default_cache())
    await replayer.start()
    works = [partial(_tried, replayer, stage, change, turns[change.plugin]) for change in changes]
    try:
        done = await gathered(works, AT_ONCE, lambda: None)
    finally:
        await replayer.close()
    return list(zip(changes, done, strict=True))


async def _tried(
    replayer: Replayer, stage: Stage, change: Change, turns: list[RecordedTurn]
) -> list[Replayed]:
    release = newer(stage, change)
    calls: list[Replayed] = []
    for turn in turns:
        calls += await replayer.rehearse(turn.recording, release, stage.load)
    return calls


def newer(stage: Stage, change: Change) -> SealedRelease:
    """The plugin's release with the change."""
    old = next(
        one for one in stage.releases.values() if one.plugin_id.endswith(f"/{change.plugin}")
    )
    files = changed(old.files, change)
    digest = "sha256:" + sha256(repr(sorted(files.items())).encode()).hexdigest()
    return structs.replace(old, version="9.0.0", digest=digest, files=files)


def kinds(calls: list[Replayed]) -> set[str]:
    return {one.kind for call in calls for one in call.differences}


@pytest.mark.timeout(400 + 40 * TURNS_MAX)
async def test_that_planted_regressions_are_named(stage: Stage) -> None:
    assert len(REGRESSIONS) >= 50
    done = await tried(stage, REGRESSIONS)
    missed = [change.name for change, calls in done if not change.kinds & kinds(calls)]
    told = "\n".join(missed)
    print(f"\n{len(done) - len(missed)} of {len(done)} planted regressions named; missed:\n{told}")
    assert len(missed) <= MISSED_MAX, told


@pytest.mark.timeout(400 + 40 * TURNS_MAX)
async def test_that_honest_rewrites_raise_no_alarm(stage: Stage) -> None:
    assert len(HONEST) >= 50
    done = await tried(stage, HONEST)
    alarms = {
        change.name: [one.words for call in calls for one in call.differences]
        for change, calls in done
        if kinds(calls)
    }
    runs = sum(len(calls) for _, calls in done)
    print(f"\n{len(done)} honest rewrites in {runs} calls: {len(alarms)} false alarms {alarms}")
    assert len(alarms) <= FALSE_ALARMS_MAX, alarms
