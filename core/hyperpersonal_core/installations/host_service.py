"""The other end of `remote_host`: runs hook calls for turn workers in this process's sandboxes.

Rules:
1. The release is loaded and verified here; a worker names only its digest.
2. A turn's host calls are fenced by the epoch its worker holds. Of one turn, only calls of the
   newest epoch that was heard of run here: older ones are ended before the next begins.
3. A closing process takes no calls, lets running ones end, and gives the rest back suspended.
"""

import asyncio
from typing import TypeAlias, TypeVar
from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallResult, HookCall, PluginHost
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import structs

from hyperpersonal_core.installations.host_frames import QUEUE, SUBJECT, CallAnswer, CallAsk
from hyperpersonal_core.installations.journal import LiveTurn, TurnJournals
from hyperpersonal_core.installations.releases import ReleaseStore
from hyperpersonal_core.kit.errors import ConflictError, OutsideError, RefusedError
from hyperpersonal_core.kit.requests import Requests, Serving

CLOSE_S = 5.0
LAST_WORDS_S = 1.0
LATER = "this turn goes on under a later epoch"

Kept = TypeVar("Kept")
Run: TypeAlias = "asyncio.Task[CallAnswer]"

_encoder = msgspec.msgpack.Encoder()
_asks = msgspec.msgpack.Decoder(CallAsk)


class HostService:
    """Serves the calls of one host.

    Args:
        requests: of this process's bus.
        host: started; its ToolPort and JournalPort share `journals`.
        releases: where verified releases come from.
        journals: the turns that have a call here.
        close_s: how long running calls may take to end when it closes.
    """

    def __init__(
        self, requests: Requests, host: PluginHost, releases: ReleaseStore,
        journals: TurnJournals, *, close_s: float = CLOSE_S,
    ) -> None:  # fmt: skip
        self._requests = requests
        self._host = host
        self._releases = releases
        self._journals = journals
        self._close_s = close_s
        self._turns: dict[str, _Held] = {}
        self._serving: Serving | None = None

    async def start(self) -> None:
        """Take calls from now on."""
        self._serving = await self._requests.serve(SUBJECT, QUEUE, self._answer)

    async def close(self) -> None:
        """End as rule 3 says; closes the host too, which is what suspends its calls."""
        if self._serving is not None:
            await self._serving.drain(self._close_s)
            await self._host.close()
            await self._serving.drain(LAST_WORDS_S)
            await self._serving.close()

    async def _answer(self, payload: bytes) -> bytes:
        ask = _asks.decode(payload)
        answer = await (
            self._run(ask.call) if ask.turn is None else self._in_turn(ask.call, ask.turn)
        )
        body, most = _encoder.encode(answer), self._requests.body_bytes_max
        return body if len(body) <= most else _encoder.encode(_cut(answer, len(body), most))

    async def _run(self, call: HookCall) -> CallAnswer:
        try:
            load = self._releases.load
            release = await load(call.release.digest, unreviewed=call.unreviewed)
            return CallAnswer(await self._host.call(structs.replace(call, release=release)))
        except RefusedError as error:
            return CallAnswer(refused=error.message)
        except OutsideError as error:
            return CallAnswer(outside=str(error))

    async def _in_turn(self, call: HookCall, turn: LiveTurn) -> CallAnswer:
        """Run it, and tell what was recorded for the turn meanwhile, however it ended."""
        rows, calls = turn.rows, turn.calls
        try:
            held = await self._hold(turn)
        except ConflictError as error:
            return CallAnswer(refused=error.message)
        recorded = held.turn.entries_of(UUID(call.scope.installation_id))
        run = asyncio.create_task(self._run(structs.replace(call, recorded=recorded)))
        held.runs.add(run)
        try:
            answer = await _ended(run)
        finally:
            self._let_go(held, run)
        return structs.replace(
            answer, rows=_news(rows, held.turn.rows), calls=_news(calls, held.turn.calls)
        )

    async def _hold(self, turn: LiveTurn) -> "_Held":
        key = str(turn.turn_id)
        while (held := self._turns.get(key)) and held.turn.epoch < turn.epoch:
            await held.end()
        if held and held.turn.epoch > turn.epoch:
            raise ConflictError(LATER)
        if held is None:
            held = self._turns[key] = _Held(self._journals.open(turn))
        else:
            held.turn.take(turn.rows.values(), turn.calls.values())
            held.turn.input = turn.input
        return held

    def _let_go(self, held: "_Held", run: Run) -> None:
        held.runs.discard(run)
        if not held.runs:
            self._journals.close(held.turn)
            del self._turns[str(held.turn.turn_id)]


class _Held:
    """A turn while calls of it run here."""

    def __init__(self, turn: LiveTurn) -> None:
        self.turn = turn
        self.runs: set[Run] = set()

    async def end(self) -> None:
        """Their worker has raised the epoch: whoever waits for these asks again."""
        runs = list(self.runs)
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)


async def _ended(run: Run) -> CallAnswer:
    """The run's answer, also when a later epoch ended it."""
    try:
        return await run
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return CallAnswer(refused=LATER)


def _cut(answer: CallAnswer, size: int, most: int) -> CallAnswer:
    words = f"what the call recorded has {size} bytes; the bus takes {most} (NATS: max_payload)"
    result = CallResult(Outcome.OVER_LIMIT, detail=words) if answer.result else None
    return structs.replace(answer, result=result, rows=(), calls=(), cut=True)


def _news(known: dict[str, Kept], now: dict[str, Kept]) -> tuple[Kept, ...]:
    return tuple(one for path, one in now.items() if known.get(path) != one)
