"""A release replayed on another's record: planted regressions are named, honest rewrites are not.

`HP_REPLAY_TURNS`: how many recorded turns each change is tried on, at most (default 8).
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from hashlib import sha256

import msgspec
import pytest
from fakes.changes import HONEST, REGRESSIONS, Change, changed
from fakes.replay_stage import Stage
from hyperpersonal_core.api import RecordedTurn
from hyperpersonal_runtime.api import Replayed, Replayer, SealedRelease, gathered
from hyperpersonal_runtime.replay.known import aim
from hyperpersonal_runtime.testing import default_cache
from msgspec import structs

TURNS_MAX = int(os.environ.get("HP_REPLAY_TURNS", "8"))
MISSED_MAX, FALSE_ALARMS_MAX = 2, 1
AT_ONCE = 6

Tried = tuple[Change, list[Replayed]]


def deeds(turn: RecordedTurn) -> Iterator[tuple[str, str]]:
    """Its plugins by name, each with the kind of thing it did."""
    for call in turn.recording.calls:
        told = msgspec.json.decode(call.value or "{}")
        how = str(told.get("status") or told.get("handoff") or "failure" in told)
        asked = {aim(one.name, one.request).partition("?")[0].rstrip("0123456789")
                 for one in turn.recording.entries_of(call)}  # fmt: skip
        yield call.plugin_id.partition("/")[2], f"{how} {sorted(asked)}"


def samples(stage: Stage) -> dict[str, list[RecordedTurn]]:
    """Turns by plugin, as different as can be: those that wrote first."""
    found: dict[str, dict[str, RecordedTurn]] = defaultdict(dict)
    writers_first = sorted(
        stage.turns, key=lambda turn: -sum(entry.write for entry in turn.recording.entries)
    )
    for turn in writers_first:
        for plugin, did in deeds(turn):
            found[plugin].setdefault(did, turn)
    return {plugin: spread(list(turns.values())) for plugin, turns in found.items()}


def spread(turns: list[RecordedTurn]) -> list[RecordedTurn]:
    """So many of them, evenly from all."""
    step = max(1.0, len(turns) / TURNS_MAX)
    return [turns[int(number * step)] for number in range(min(TURNS_MAX, len(turns)))]


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


@pytest.mark.timeout(120 + 20 * TURNS_MAX)
async def test_that_planted_regressions_are_named(stage: Stage) -> None:
    assert len(REGRESSIONS) >= 50
    done = await tried(stage, REGRESSIONS)
    missed = [change.name for change, calls in done if not change.kinds & kinds(calls)]
    told = "\n".join(missed)
    print(f"\n{len(done) - len(missed)} of {len(done)} planted regressions named; missed:\n{told}")
    assert len(missed) <= MISSED_MAX, told


@pytest.mark.timeout(120 + 20 * TURNS_MAX)
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
