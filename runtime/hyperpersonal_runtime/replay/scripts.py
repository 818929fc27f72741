"""What a replayed call is answered: the record's own answers, and nothing from the world.

`Exact` is for the release that was recorded: the same bytes in the same order, or it ends there.
`Guided` is for another release, whose calls may part from the record.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from hyperpersonal_sdk.contract.outcomes import Failure, HostAnswer, Outcome

from hyperpersonal_runtime.ending import End
from hyperpersonal_runtime.hostcalls.context import Effect
from hyperpersonal_runtime.journal import answer_text
from hyperpersonal_runtime.ports import CallScope
from hyperpersonal_runtime.replay.known import Known
from hyperpersonal_runtime.replay.trace import Asked, How
from hyperpersonal_runtime.script import Script

SHOWN_CHARS_MAX = 200
Judge = Callable[[str, str, str], Effect | Failure]  # name, request, path -> what grants say


class Kept(Script, Protocol):
    """A script that remembers its run."""

    asked: list[Asked]
    parted: str


class _Base:
    """Numbers the calls of a run and holds it to its limit."""

    def __init__(self, path: str, calls_max: int) -> None:
        self._prefix = f"{path}." if path else ""
        self._calls_max = calls_max
        self.asked: list[Asked] = []
        self.parted = ""

    def rewind(self) -> None:
        self.asked = []
        self.parted = ""

    @property
    def _next(self) -> str:
        return f"{self._prefix}{len(self.asked) + 1}"

    def _over_limit(self) -> End | None:
        if len(self.asked) < self._calls_max:
            return None
        return End(Outcome.OVER_LIMIT, f"more than {self._calls_max} host calls")

    def _part(self, name: str, request: str, why: str) -> End:
        self.parted = f"call {self._next}: {why}"
        self.asked.append(Asked(self._next, name, request, how="none"))
        return End(Outcome.NONDETERMINISTIC, self.parted)


class Exact(_Base):
    """Answers the recorded calls in their order, byte for byte.

    Args:
        cut: the host ended the recorded run, so it may well have gone on.
    """

    def __init__(
        self, path: str, calls_max: int, recorded: tuple[Asked, ...], *, cut: bool = False
    ) -> None:
        super().__init__(path, calls_max)
        self._recorded = recorded
        self._cut = cut

    def answer(self, name: str, request: str) -> str | End:
        """The recorded answer of the run's next call."""
        if over := self._over_limit():
            return over
        place = len(self.asked)
        if place >= len(self._recorded) and self._cut:
            return End(Outcome.TIMED_OUT, "the record was cut off here")
        if place >= len(self._recorded):
            return self._part(name, request, f"{shown(name, request)} was not asked before")
        known = self._recorded[place]
        if (known.name, known.request) != (name, request):
            was = shown(known.name, known.request)
            return self._part(name, request, f"it was {was}, now it is {shown(name, request)}")
        self.asked.append(known)
        if known.answer is None:
            return End(Outcome.TIMED_OUT, f"call {known.path} was never answered")
        return known.answer


class Guided(_Base):
    """Answers a release that was not recorded.

    In this order: the recorded answer of the same call; what the grants refuse; clock and
    randomness; a write is simulated with the answer a like one had. Else it ends here.

    Args:
        known: what the turn has on record.
        judge: what the grants say to a call, without doing it.
    """

    def __init__(self, path: str, calls_max: int, known: Known, judge: Judge) -> None:
        super().__init__(path, calls_max)
        self._known = known
        self._judge = judge

    def rewind(self) -> None:
        super().rewind()
        self._known.rewind()

    def answer(self, name: str, request: str) -> str | End:
        """An answer that the record gives reason for, or the run's end."""
        if over := self._over_limit():
            return over
        if found := self._known.same(name, request):
            return self._keep(name, request, *found)
        effect = self._judge(name, request, self._next)
        made_up = self._made_up(name, request, effect)
        if made_up is None:
            what = shown(name, request)
            return self._part(name, request, f"{what} is not on record, so nobody knows its answer")
        how, answer = made_up
        write = isinstance(effect, Effect) and effect.write
        self.asked.append(Asked(self._next, name, request, answer, write, how))
        return answer

    def _keep(self, name: str, request: str, how: How, known: Asked) -> str | End:
        if known.answer is None:
            return self._part(name, request, f"{shown(name, request)} was never answered")
        asked = Asked(self._next, name, request, known.answer, known.write, how, known.cost)
        self.asked.append(asked)
        return known.answer

    def _made_up(self, name: str, request: str, effect: Effect | Failure) -> tuple[How, str] | None:
        if isinstance(effect, Failure):
            return "refused", answer_text(HostAnswer(failure=effect))
        if effect.at_once is not None:
            return "given", answer_text(effect.at_once)
        like = self._known.like(name, request) if effect.write else None
        return None if like is None else ("simulated", like)


class OpenScripts:
    """The scripts of the calls that run now, by the id their scope carries as its turn."""

    def __init__(self) -> None:
        self._open: dict[str, Script] = {}

    def put(self, key: str, script: Script) -> None:
        """Let a call find its script."""
        self._open[key] = script

    def drop(self, key: str) -> None:
        """The call is over."""
        self._open.pop(key, None)

    def of(self, scope: CallScope) -> Script:
        """Nothing but a script answers here: a call without one is our own bug."""
        return self._open[scope.turn_id]


def shown(name: str, request: str) -> str:
    """A call for people."""
    short = request if len(request) <= SHOWN_CHARS_MAX else request[:SHOWN_CHARS_MAX] + "…"
    return f"{name} {short}"


def unasked(recorded: Iterable[Asked], asked: Iterable[Asked]) -> list[Asked]:
    """The recorded calls that a run of the same release left out."""
    made = {one.path for one in asked}
    return [one for one in recorded if one.path not in made]
