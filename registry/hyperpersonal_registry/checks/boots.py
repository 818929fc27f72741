"""The release starts in the very sandbox that will run it, and serves the hooks it names."""

from collections.abc import AsyncIterator

from hyperpersonal_runtime.api import World
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.verdicts import Verdict, verdict

from hyperpersonal_registry.checks.examination import Examination, Play, Unfit
from hyperpersonal_registry.checks.scenario import payload_of
from hyperpersonal_registry.checks.scene import NOW

NAME = "boots"
REASON = "A release that does not start is an empty chair in a merchant's shop."
FIX = "Run `hp plugin test`: it starts the same sandbox on your machine."
WAIVABLE = False

NO_SUCH_HOOK = "hp_boot"
_NOT_FOUND = "not-found"


class NotRunError(Exception):
    """Nothing is known, since this machine did not run it: its walls do not hold, say."""


async def check(examination: Examination) -> Verdict:
    """FAIL when it does not start, or does not serve what it names."""
    try:
        if not examination.runs_code:
            return verdict(NAME, "PASS", detail=("note: there is nothing to run",))
    except Unfit as error:
        return verdict(NAME, "FAIL", f"It was not started: {error}")
    found = tuple([what async for what in _wrong(examination, examination.release)])
    if found:
        return verdict(NAME, "FAIL", f"{found[0]}. {FIX}", found)
    return verdict(NAME, "PASS")


async def _wrong(examination: Examination, play: Play) -> AsyncIterator[str]:
    stage = examination.stage
    words = await stage.prepare(play.call("boot", NO_SUCH_HOOK, b"{}"))
    if words:
        yield f"It cannot be made ready: {words[:300]}"
        return
    trace = await stage.run(play.call("boot", NO_SUCH_HOOK, b"{}"), World(), NOW)
    if trace.outcome in (Outcome.TRAPPED, Outcome.OVER_LIMIT, Outcome.TIMED_OUT):
        yield f"It does not start: {trace.outcome.value}, {trace.detail[:300]}"
        return
    if trace.outcome is Outcome.REFUSED and not trace.detail.startswith(_NOT_FOUND):
        raise NotRunError(trace.detail)
    for hook in play.manifest.hooks:
        call = play.call(f"boot-{hook}", hook, payload_of(play, hook))
        trace = await stage.run(call, World(), NOW)
        if f"has no hook {hook}" in trace.detail:
            yield f"It names the hook {hook} and does not serve it"
