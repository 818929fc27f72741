"""What a set written without reading a rule must show: that it is true, and what is named of it."""

from collections.abc import Sequence
from typing import TypeVar

from hyperpersonal_runtime.api import Stage
from hyperpersonal_runtime.testing import default_cache
from hyperpersonal_sdk import bundle
from security.market.attack import Files
from security.market.third.judging import judge_attacks, judge_pairs
from security.market.third.making import Honest, Third, happens, told

T = TypeVar("T")


def some(every: Sequence[T], count: int) -> list[T]:
    """So many of them, evenly."""
    step = max(1, len(every) // max(1, count))
    return list(every[::step])[:count] if count < len(every) else list(every)


async def prove_harm(attacks: Sequence[Third]) -> None:
    """Each does its harm when it is granted what it asks, and what it was made of does not."""
    stage = Stage(default_cache())
    try:
        for one in attacks:
            base = one.attack.base
            assert await happens(stage, one.attack.bad, one.harm), one.attack.name
            assert base is None or not await happens(stage, base, one.harm), one.attack.name
    finally:
        await stage.close()


async def prove_work(pairs: Sequence[Honest]) -> None:
    """Both releases of each do what they are for."""
    stage = Stage(default_cache())
    try:
        for one in pairs:
            for files in (one.before, one.after):
                assert await _works(stage, files, one), one.name
    finally:
        await stage.close()


async def hold(
    attacks: Sequence[Third], pairs: Sequence[Honest], flagged_least: float, alarms_most: float
) -> None:
    """What the checks name is no less than these shares, but for one; none is left unfinished."""
    flagged, honest = await judge_attacks(attacks), await judge_pairs(pairs)
    assert [one.name for one in (*flagged, *honest) if one.unfinished] == []
    assert sum(bool(one.by) for one in flagged) >= flagged_least * len(flagged) - 1
    assert sum(bool(one.by) for one in honest) <= alarms_most * len(honest) + 1


async def _works(stage: Stage, files: Files, one: Honest) -> bool:
    """A bundle runs nothing: it is read."""
    if "bundle.toml" in files:
        return bool(bundle.parse(files["bundle.toml"].decode()).agents)
    return "\nok: " in "\n" + await told(stage, files, one.trial)
