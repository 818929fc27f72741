"""What the registry's checks say of a release, run as the registry runs them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from fixtures.market.recording import with_recording
from fixtures.market.samples import samples
from hyperpersonal_registry.checks.runner import Runner
from hyperpersonal_registry.checks.subject import Subject
from hyperpersonal_runtime.api import Stage
from hyperpersonal_runtime.testing import default_cache
from hyperpersonal_sdk import hpx, manifest
from hyperpersonal_sdk.errors import BadInputError
from hyperpersonal_sdk.verdicts import Verdict
from msgspec import Struct
from security.market.armed import TRIALS, armed
from security.market.attack import MANIFEST, Attack, Files
from security.market.pairs import Pair

AT_ONCE = 2
T = TypeVar("T")


class Judged(Struct, frozen=True):
    """`by`: what stopped it: names of checks, or why no archive could hold it; empty: nothing.
    `unfinished`: checks that could not tell."""

    name: str
    by: tuple[str, ...]
    unfinished: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


async def judge_attacks(attacks: Iterable[Attack]) -> list[Judged]:
    """In their order."""

    async def prepared(stage: Stage, one: Attack) -> tuple[str, Files | None, Files]:
        made = await armed(stage, one)
        return one.name, made.base, made.bad

    return await judged(attacks, prepared)


async def judge_pairs(pairs: Iterable[Pair]) -> list[Judged]:
    """The same of honest releases, whose authors record anew too."""

    async def prepared(stage: Stage, one: Pair) -> tuple[str, Files | None, Files]:
        trial = TRIALS.get(manifest.read(one.before[MANIFEST].decode()).id)
        if trial is None:
            return one.name, one.before, one.after
        before = await with_recording(stage, one.before, trial)
        return one.name, before, await with_recording(stage, one.after, trial)

    return await judged(pairs, prepared)


async def judged(
    things: Iterable[T],
    prepared: Callable[[Stage, T], Awaitable[tuple[str, Files | None, Files]]],
) -> list[Judged]:
    """What the checks say of each thing, in their order; `prepared` makes its name, the release
    before (None: it is the first) and what is handed in."""
    stage, gate = Stage(default_cache()), asyncio.Semaphore(AT_ONCE)
    try:
        ready = [await prepared(stage, one) for one in things]
    finally:
        await stage.close()

    async def judge(name: str, before: Files | None, after: Files) -> Judged:
        async with gate:
            return await _judge(name, before, after)

    return await asyncio.gather(*(judge(*one) for one in ready))


async def _judge(name: str, before: Files | None, after: Files) -> Judged:
    try:
        bad = hpx.pack(after)
        base = None if before is None else hpx.pack(before)
        hpx.unpack(bad)
    except BadInputError as error:
        return Judged(name, (f"door: {error.code}",))
    subject = Subject(bad, str(default_cache()), base, _others(after))
    found = await Runner(static_seconds_max=300, sandbox_seconds_max=900).run(subject)
    failed = [one for one in found if one.verdict == "FAIL"]
    lost = [one for one in found if one.verdict == "ERROR"]
    return Judged(
        name,
        tuple(one.check for one in failed),
        tuple(one.check for one in lost),
        tuple(map(_shown, (*failed, *lost))),
    )


def _others(files: Files) -> tuple[str, ...]:
    """What other publishers have published: all samples but its own publisher's."""
    mine = files[MANIFEST].decode().partition('id = "')[2].partition("/")[0]
    return tuple(one.plugin_id for one in samples() if one.author != mine)


def _shown(one: Verdict) -> str:
    return f"{one.check}: {one.reason} {'; '.join(one.detail)}"[:600]
