"""A plugin host whose sandboxes are in other processes (`hp serve --role runtime`).

Rules:
1. What comes back is what the host there gave: the same outcomes, the same errors.
2. A runtime that closes gives its calls back suspended, one that is lost falls silent. Either way
   another is asked, with all that was recorded; a write that was intended keeps its key.
3. Whoever fell silent is fenced out first, by the turn's next epoch: it may still be alive.
4. The deadline is the call's own, over all runtimes that are asked. While nobody serves, it waits.
"""

import asyncio
from uuid import UUID

import msgspec
from hyperpersonal_runtime.api import CallResult, HookCall, Ports
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import structs

from hyperpersonal_core.installations.host_frames import SUBJECT, CallAnswer, ask_of
from hyperpersonal_core.installations.journal import LiveTurn, TurnJournals
from hyperpersonal_core.kit import log
from hyperpersonal_core.kit.errors import ConflictError, OutsideError, TooLargeError
from hyperpersonal_core.kit.requests import NobodyServesError, Requests, SilentError

TRANSIT_S = 0.2  # the runtime ends this much earlier, so that its own words arrive
RETRY_S = 0.25
RETAKE_DEADLINE_S = 0.8
LOST_RUNTIMES_MAX = 2
TELL_EVERY_S = 10.0

_encoder = msgspec.msgpack.Encoder()
_answers = msgspec.msgpack.Decoder(CallAnswer)


class RemoteHost:
    """Implements the runtime's PluginHost over the bus.

    Args:
        requests: of this process's bus.
        journals: the very object the turn worker opens its turns in.
    """

    def __init__(self, requests: Requests, journals: TurnJournals) -> None:
        self._requests = requests
        self._journals = journals
        self._told_at = float("-inf")
        self._log = log.get("runtime")

    async def start(self, ports: Ports) -> None:
        """Nothing: the processes that run the sandboxes have their own ports."""

    async def close(self) -> None:
        """Nothing is held."""

    async def call(self, call: HookCall) -> CallResult:
        """Run one hook in some runtime process; never raises for what a plugin does.

        Raises:
            RefusedError: the release is not trusted, or the turn is not this worker's any more.
            OutsideError: the turn cannot go on now.
        """
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + call.limits.deadline_ms / 1000
        asking = _Asking(call, self._journals.live(call.scope))
        while (left_s := ends_at - loop.time()) > TRANSIT_S:
            result = await self._ask(asking, left_s)
            if result is not None:
                return result
        return CallResult(Outcome.TIMED_OUT, detail=asking.hindrance or "no time was left for it")

    async def _ask(self, asking: "_Asking", left_s: float) -> CallResult | None:
        """The result of one runtime; None when another is to be asked."""
        epoch = asking.epoch
        try:
            body = _encoder.encode(asking.frame(left_s - TRANSIT_S))
            answer = _answers.decode(await self._requests.ask(SUBJECT, body, left_s))
        except TooLargeError as error:
            return CallResult(Outcome.OVER_LIMIT, detail=error.message)
        except NobodyServesError as error:
            await self._wait(asking, str(error))
            return None
        except SilentError as error:
            return await self._on_silence(asking, epoch, str(error))
        except TimeoutError:
            await self._retake(asking, epoch)
            return CallResult(Outcome.TIMED_OUT, detail="the runtime did not answer in time")
        return await self._on_answer(asking, epoch, answer)

    async def _on_answer(
        self, asking: "_Asking", epoch: int, answer: CallAnswer
    ) -> CallResult | None:
        asking.take(answer)
        if answer.cut:
            await self._retake(asking, epoch)
        if answer.refused:
            if asking.epoch != epoch:  # our own next epoch, for another call of the turn
                return None
            raise ConflictError(answer.refused)
        if answer.result is None:
            raise OutsideError(answer.outside)
        if answer.result.outcome is Outcome.SUSPENDED:
            await self._wait(asking, answer.result.detail)
            return None
        return answer.result

    async def _on_silence(self, asking: "_Asking", epoch: int, words: str) -> CallResult | None:
        """Fence it out; then the next one. Without a turn nothing was recorded: no second try."""
        asking.lost += self._requests.connected  # else it is ourselves who are away
        self._log.warning("runtime.lost", error=words, **asking.ids)
        await self._retake(asking, epoch)
        if asking.turn is None or asking.lost == LOST_RUNTIMES_MAX:
            words = f"{asking.lost} runtime processes were lost while they ran this call"
            return CallResult(Outcome.TRAPPED, detail=words)
        return None

    async def _wait(self, asking: "_Asking", words: str) -> None:
        asking.hindrance = f"{words}; is there a `hp serve --role runtime`?"
        now = asyncio.get_running_loop().time()
        if now - self._told_at > TELL_EVERY_S:
            self._told_at = now
            self._log.warning("runtime.missing", error=asking.hindrance, **asking.ids)
        await asyncio.sleep(RETRY_S)

    async def _retake(self, asking: "_Asking", epoch: int) -> None:
        if asking.turn is None:
            return
        try:
            async with asyncio.timeout(RETAKE_DEADLINE_S):
                await self._journals.retake(asking.turn, epoch)
        except TimeoutError as error:
            raise OutsideError("the database did not answer in time") from error


class _Asking:
    """One call while runtimes are asked for it."""

    def __init__(self, call: HookCall, turn: LiveTurn | None) -> None:
        self.turn = turn
        self.lost = 0
        self.hindrance = ""
        self._call = call

    @property
    def epoch(self) -> int:
        return self.turn.epoch if self.turn else 0

    @property
    def ids(self) -> dict[str, str]:
        scope = self._call.scope
        return {"turn_id": scope.turn_id, "installation_id": scope.installation_id}

    def frame(self, left_s: float) -> object:
        return ask_of(self._call, self.turn, max(1, int(left_s * 1000)))

    def take(self, answer: CallAnswer) -> None:
        """Keep what was recorded, for the turn's end and for the next runtime."""
        entries = answer.result.journal if answer.result else ()
        if self.turn is None:
            self._call = structs.replace(self._call, recorded=entries or self._call.recorded)
            return
        self.turn.take(answer.rows, answer.calls)
        self.turn.record(entries, UUID(self._call.scope.installation_id))
