"""Old and new answer side by side, on demand: a gateway asks, whoever has the quiet sandbox serves.

Nothing of it is kept (ADR 0041): the words come from the turn's sealed journal and from running it
once more, and go to the member who asked.
"""

from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallRecord, Replayed, Trace
from msgspec import Struct

from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.requests import Requests, Serving
from hyperpersonal_core.rollouts.shadow import Shadow
from hyperpersonal_core.turns.claim import Place

SUBJECT, QUEUE = "hp.shadow.beside", "shadows"
DEADLINE_S = 60.0
RUNNING_MAX = 2
CHARS_MAX = 8_000


class Said(Struct, frozen=True):
    """One side: what it answered (an agent: its words), how it ended, and why it went no
    further."""

    text: str
    outcome: str
    detail: str = ""


class Change(Struct, frozen=True):
    """One difference in words; a `grave` one moves, leaves or reaches something."""

    words: str
    before: str
    after: str
    grave: bool


class Beside(Struct, frozen=True):
    """One call of the plugin in a turn. `asked`: what the shopper wrote, of an agent's call."""

    hook: str
    asked: str
    before: Said
    after: Said
    changes: list[Change]


class _Ask(Struct, frozen=True):
    tenant_id: UUID
    rollout_id: UUID
    turn_id: UUID


class _Answer(Struct, frozen=True):
    calls: list[Beside] = []
    refused: str = ""


class _Worded(Struct):
    text: str


class BesideService:
    """Serves comparisons in the process of a shadow."""

    def __init__(self, requests: Requests, shadow: Shadow) -> None:
        self._requests = requests
        self._shadow = shadow
        self._serving: Serving | None = None

    async def start(self) -> None:
        """Take requests from now on."""
        self._serving = await self._requests.serve(SUBJECT, QUEUE, self._answer, RUNNING_MAX)

    async def close(self) -> None:
        """Take no more."""
        if self._serving is not None:
            await self._serving.close()

    async def _answer(self, payload: bytes) -> bytes:
        ask = msgspec.msgpack.decode(payload, type=_Ask)
        try:
            runs = await self._shadow.beside((ask.tenant_id, ask.rollout_id), ask.turn_id)
        except RefusedError as error:
            return msgspec.msgpack.encode(_Answer(refused=error.message))
        return msgspec.msgpack.encode(_Answer([_beside(*one) for one in runs]))


class BesideAsker:
    """Asks for comparisons from any process."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def ask(self, place: Place, turn_id: UUID) -> list[Beside]:
        """Each call of the plugin in a turn that the rollout was compared in, on both releases.

        Raises:
            RefusedError: it was not compared in it, or it cannot be run any more.
            OutsideError: nobody serves this now.
            TimeoutError: it took longer than a minute.
        """
        body = msgspec.msgpack.encode(_Ask(*place, turn_id))
        answer = await self._requests.ask(SUBJECT, body, DEADLINE_S)
        told = msgspec.msgpack.decode(answer, type=_Answer)
        if told.refused:
            raise RefusedError(told.refused)
        return told.calls


def _beside(call: CallRecord, run: Replayed) -> Beside:
    after = _said(run.after) if run.after else Said("", "not run", run.skipped)
    changes = [Change(d.words, d.before, d.after, d.grave) for d in run.differences]
    return Beside(call.hook, _words(call.payload), _said(run.before), after, changes)


def _said(trace: Trace) -> Said:
    shown = _words(trace.value) or trace.value[:CHARS_MAX]
    return Said(shown, trace.outcome.value, trace.parted or trace.detail)


def _words(value: str) -> str:
    """What a turn or a reply says; '' of what is neither."""
    try:
        found = msgspec.json.decode(value, type=_Worded).text
    except msgspec.MsgspecError:
        return ""
    return found[:CHARS_MAX]
