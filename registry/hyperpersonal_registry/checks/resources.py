"""What a release takes of a machine: within its limits, and not many times what it took before."""

from collections.abc import Iterator

from hyperpersonal_runtime.api import Trace
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.verdicts import Verdict, verdict

from hyperpersonal_registry.checks.examination import Examination, Play, Unfit
from hyperpersonal_registry.checks.rehearsal import perform
from hyperpersonal_registry.checks.scenario import scenes

NAME = "resources"
REASON = "Who takes more than it says takes it from every other plugin of the shop."
FIX = "Do less in a hook call, or ask for what it needs in [limits]."
WAIVABLE = True

SCENES_MAX = 12
TIMES_MAX, CPU_MORE_MS, CALLS_MORE = 5, 40.0, 10
TRIES = 3


async def check(examination: Examination) -> Verdict:
    """FAIL when a limit is met, or much more is taken than by the release before."""
    try:
        if not examination.runs_code:
            return verdict(NAME, "PASS")
    except Unfit as error:
        return verdict(NAME, "FAIL", f"It was not run: {error}")
    took = await _profile(examination, examination.release)
    over = tuple(dict.fromkeys(what for trace in took for what in _over(trace)))
    before = examination.previous
    if not over and before is not None:
        over = tuple(await _grown(examination, took, await _profile(examination, before)))
    if over:
        return verdict(NAME, "FAIL", f"{over[0]}. {FIX}", over)
    told = f"note: at most {_most(took)[1]} host calls in one of {len(took)} hook calls"
    return verdict(NAME, "PASS", detail=(told,))


async def _profile(examination: Examination, play: Play) -> list[Trace]:
    """As far as it keeps to its limits: one that does not has shown enough."""
    took: list[Trace] = []
    for scene in scenes([play])[:SCENES_MAX]:
        took += await perform(examination.stage, play, scene)
        if any(list(_over(trace)) for trace in took):
            break
    return took


def _over(trace: Trace) -> Iterator[str]:
    if trace.outcome in (Outcome.OVER_LIMIT, Outcome.TIMED_OUT):
        yield f"{trace.hook} ends {trace.outcome.value}: {trace.detail[:200]}"


async def _grown(examination: Examination, took: list[Trace], before: list[Trace]) -> list[str]:
    """Measured again as long as it looks so: what was slow once was the machine."""
    for _ in range(TRIES):
        (cpu, calls), (cpu_before, calls_before) = _most(took), _most(before)
        slower = cpu > cpu_before * TIMES_MAX + CPU_MORE_MS
        busier = calls > calls_before * TIMES_MAX + CALLS_MORE
        if not slower:
            break
        took = await _profile(examination, examination.release)
    found = [f"a call takes {cpu:.0f} ms of CPU, before {cpu_before:.0f}"] if slower else []
    return [*found, *([f"{calls} host calls, before {calls_before}"] if busier else [])]


def _most(traces: list[Trace]) -> tuple[float, int]:
    cpu = max((trace.guest_cpu_ms for trace in traces), default=0.0)
    return cpu, max((len(trace.asked) for trace in traces), default=0)
