"""The turn worker: hears that conversations wait, claims them in batches, answers them.

Rules:
1. A wake-up is a hint: it puts a conversation into a set; the claim decides. A lost one is found
   by the sweep, a doubled one claims nothing.
2. Messages that come within a few milliseconds are one turn; those that come while a turn runs
   become the next.
3. A turn that cannot be finished here (crash, lost database) is left alone: its lease ends, and
   whoever sweeps it up resumes it under the same id.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec

from hyperpersonal_core.kit import log, tasks
from hyperpersonal_core.kit.bus import Delivery
from hyperpersonal_core.kit.envelope import decode
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.kit.group_commit import Batcher
from hyperpersonal_core.kit.outbox import INBOUND
from hyperpersonal_core.kit.tracing import Traces
from hyperpersonal_core.memory.recalled import RecallAsk, Recalled
from hyperpersonal_core.routing.decision import Decision, RouteAsk
from hyperpersonal_core.turns.answer import Answerer, Minds, Plugins
from hyperpersonal_core.turns.calls import PluginCalls
from hyperpersonal_core.turns.claim import Claims, Place
from hyperpersonal_core.turns.draft import Draft
from hyperpersonal_core.turns.finish import Finisher
from hyperpersonal_core.turns.guards import Guards
from hyperpersonal_core.turns.legs import Agents
from hyperpersonal_core.turns.pace import Pace
from hyperpersonal_core.turns.reassure import Reassurance
from hyperpersonal_core.turns.services import Services
from hyperpersonal_core.turns.turn import Answer, Turn, TurnSettings
from hyperpersonal_core.turns.waiting import Waiting, plugins_ms, used_ms

DURABLE = "turns"
DELIVERIES_IN_HAND = 64
MINDS_BATCH_MAX = 64
RETRY_S = 0.5
CLAIMS_MAX = 3
REASSURING_MAX = 4  # batches; with more on their way the next message tries again

Ask = TypeVar("Ask", RecallAsk, RouteAsk)
Told = TypeVar("Told")


class TurnWorker:
    """Answers whatever waits, up to `running_max` turns at once. One a process."""

    def __init__(self, services: Services, settings: TurnSettings | None = None) -> None:
        self._settings = settings = settings or TurnSettings()
        self._services = services
        self._claims = Claims(
            services.db, services.journals, services.clock, services.ids, settings
        )
        self._finisher = Finisher(
            services.db, services.journals, services.relay, services.clock, services.ids
        )
        self._reassurance = Reassurance(
            services.db, services.relay, services.clock, services.ids, services.installations
        )
        self._recall: Batcher[RecallAsk, Recalled] = _batcher(services.recall.recall_many)
        self._route: Batcher[RouteAsk, Decision] = _batcher(services.router.decide_many)
        calls = PluginCalls(services.host, services.releases)
        self._answerer = Answerer(
            Minds(
                _traced(services.traces, "memory.recall", self._recall.put),
                _traced(services.traces, "routing.decide", self._route.put),
            ),
            Plugins(Agents(calls), Guards(calls)),
            services.installations,
            services.clock,
            settings,
        )
        self._change = asyncio.Event()
        self._pace = Pace(settings.running_max, lambda: len(self._running))
        self._waiting = Waiting(settings, lambda: self._pace.at_once)
        self._running: dict[asyncio.Task[None], Turn] = {}
        self._reassuring: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._log = log.get("turns")

    async def run(self) -> None:
        """Work until `close` or cancelled."""
        bus = self._services.bus
        self._loops = [
            asyncio.create_task(bus.consume(INBOUND, DURABLE, self._heard, DELIVERIES_IN_HAND)),
            asyncio.create_task(self._claim_for_ever()),
            asyncio.create_task(self._every(self._settings.sweep_every_s, self._sweep)),
            asyncio.create_task(self._every(self._settings.lease_s / 3, self._renew)),
        ]
        try:
            await asyncio.wait(self._loops, return_when=asyncio.FIRST_EXCEPTION)
            for loop in self._loops:
                if loop.done() and not loop.cancelled():
                    loop.result()
        finally:
            await tasks.end(self._loops)

    async def close(self) -> None:
        """Claim no more, let running turns end (a few seconds), give the rest back to others."""
        await tasks.end(self._loops)
        if self._running:
            await asyncio.wait(list(self._running), timeout=self._settings.close_s)
        left = [turn.live for turn in self._running.values()]
        await tasks.end([*self._running, *self._reassuring])
        with contextlib.suppress(OutsideError):
            await self._claims.give_back(left)
        for batcher in (self._recall, self._route, self._finisher):
            await batcher.close()

    def wake(self, place: Place, traceparent: str = "") -> None:
        """Look at this conversation soon. With too many waiting it may be left to the sweep."""
        self._waiting.add(place, traceparent)
        self._change.set()

    async def _heard(self, delivery: Delivery) -> None:
        try:
            envelope = decode(delivery.payload)
        except (ValueError, msgspec.MsgspecError):
            self._log.error("turns.envelope_unreadable", bytes=len(delivery.payload))
            return
        for wake in envelope.wakes:
            self.wake((wake.tenant_id, wake.conversation_id), wake.traceparent)

    async def _claim_for_ever(self) -> None:
        """A few claims at once: a small one does not wait for a large one."""
        claiming = asyncio.Semaphore(CLAIMS_MAX)
        async with asyncio.TaskGroup() as group:
            while True:
                await self._change.wait()
                self._change.clear()
                await asyncio.sleep(self._settings.debounce_ms / 1000)
                await claiming.acquire()
                room = self._settings.running_max - self._waiting.under_way
                parents = self._waiting.pick(min(room, self._settings.claimed_max))
                task = group.create_task(self._begin(parents))
                task.add_done_callback(lambda _: claiming.release())
                if parents and len(self._waiting):
                    self._change.set()

    async def _begin(self, parents: dict[Place, str]) -> None:
        turns = await self._claim(parents)
        self._reassure_others(list(parents), turns)
        for turn in turns:
            self._start(turn, parents[_place(turn)])

    async def _claim(self, parents: dict[Place, str]) -> list[Turn]:
        """The turns of the picked conversations; what was not claimed gives its place back."""
        turns: list[Turn] = []
        try:
            turns = await self._claims.claim(list(parents))
        except OutsideError as error:
            self._log.warning("turns.claim_failed", error=str(error))
            await asyncio.sleep(RETRY_S)
            for place, parent in parents.items():
                self._waiting.add(place, parent)
        claimed = {_place(turn) for turn in turns}
        for place in parents:
            if place not in claimed:
                self._waiting.ended(place[0])
        return turns

    def _reassure_others(self, places: Sequence[Place], turns: Sequence[Turn]) -> None:
        """Whoever was not claimed may wait for a person: told aside, so that turns do not wait."""
        ours = {_place(turn) for turn in (*turns, *self._running.values())}
        others = [place for place in places if place not in ours]
        if others and len(self._reassuring) < REASSURING_MAX:
            task = asyncio.create_task(self._reassure(others))
            self._reassuring.add(task)
            task.add_done_callback(self._reassuring.discard)

    async def _reassure(self, places: Sequence[Place]) -> None:
        try:
            await self._reassurance.reassure(places)
        except OutsideError as error:
            self._log.warning("turns.database_away", error=str(error))

    def _start(self, turn: Turn, parent: str) -> None:
        task = asyncio.create_task(self._take(turn, parent))
        self._running[task] = turn
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        turn = self._running.pop(task)
        self._waiting.ended(turn.live.tenant_id, used_ms(turn))
        self._change.set()

    async def _take(self, turn: Turn, parent: str) -> None:
        """One turn, from its claim to its commit."""
        live = turn.live
        ids = {"turn_id": str(live.turn_id), "conversation_id": str(live.conversation_id)}
        self._services.journals.open(live)
        began = time.monotonic()
        try:
            with self._services.traces.span("turn", parent, **ids):
                answer = await self._answer(turn)
                with self._services.traces.span("turn.finish"):
                    finished = await self._finisher.finish(turn, answer)
        except OutsideError as error:
            self._log.warning("turn.interrupted", error=str(error), **ids)
            return
        except Exception:
            self._log.exception("turn.failed", **ids)
            return
        finally:
            self._services.journals.close(live)
        self._pace.ended((time.monotonic() - began) * 1e3 - plugins_ms(turn))
        end = answer.outcome if finished.sent else "fenced"
        self._log.info("turn.finished", outcome=end, attempts=turn.attempts, **ids)
        if finished.more:
            self.wake((live.tenant_id, live.conversation_id))

    async def _answer(self, turn: Turn) -> Answer:
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                return await self._answerer.answer(turn)
        except TimeoutError:
            return Draft(turn).to_person("failed", "No agent answered in time.")

    async def _sweep(self) -> None:
        for place in await self._claims.waiting(self._settings.running_max * 4):
            self.wake(place)

    async def _renew(self) -> None:
        await self._claims.renew([turn.live for turn in self._running.values()])

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except OutsideError as error:
                self._log.warning("turns.database_away", error=str(error))


def _place(turn: Turn) -> Place:
    return turn.live.tenant_id, turn.live.conversation_id


def _batcher(many: Callable[[list[Ask]], Awaitable[Sequence[Told]]]) -> Batcher[Ask, Told]:
    return Batcher(
        many, size_max=MINDS_BATCH_MAX, wait_ms=1.0, flights_max=1, owner=lambda ask: ask.tenant_id
    )


def _traced(
    traces: Traces, name: str, ask: Callable[[Ask], Awaitable[Told]]
) -> Callable[[Ask], Awaitable[Told]]:
    async def asked(one: Ask) -> Told:
        with traces.span(name):
            return await ask(one)

    return asked
