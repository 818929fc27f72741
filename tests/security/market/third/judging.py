"""The set, as its authors hand it in: each release with recorded calls that fit."""

from collections.abc import Iterable

from fixtures.market.family import Trial
from fixtures.market.recording import FIXTURE, with_recording
from hyperpersonal_runtime.api import Stage
from hyperpersonal_sdk.errors import BadInputError
from security.market.attack import Files
from security.market.judging import Judged, judged
from security.market.third.making import Honest, Third

Prepared = tuple[str, Files | None, Files]


async def judge_attacks(attacks: Iterable[Third]) -> list[Judged]:
    """In their order. An attacker records an honest use, on the bad release too where it works."""

    async def prepared(stage: Stage, one: Third) -> Prepared:
        made, base = one.attack, one.attack.base
        if one.quiet is None:
            return made.name, base, made.bad
        kept: Files = {}
        if base is not None:
            base = await with_recording(stage, base, one.quiet)
            kept = {FIXTURE: base[FIXTURE]} if FIXTURE in base else {}
        return made.name, base, await _recorded(stage, {**kept, **made.bad}, one.quiet)

    return await judged(attacks, prepared)


async def judge_pairs(pairs: Iterable[Honest]) -> list[Judged]:
    """The same of honest releases."""

    async def prepared(stage: Stage, one: Honest) -> Prepared:
        before = await with_recording(stage, one.before, one.trial)
        return one.name, before, await with_recording(stage, one.after, one.trial)

    return await judged(pairs, prepared)


async def _recorded(stage: Stage, files: Files, quiet: Trial) -> Files:
    try:
        return await with_recording(stage, files, quiet)
    except BadInputError:  # it cannot even be packed, or read
        return files
