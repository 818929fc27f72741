"""Turns whose plugins are in other processes: what a lost runtime costs, and what it may not do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from fakes.keys import vault_of
from fakes.runtimes import CALL, ENTRY, LONG_S, SCOPE, RemoteRig, Runtime, Told, ToldHost
from fakes.turns import QUICK, TENANT, Calls, echo
from hyperpersonal_core.installations.journal import LiveTurn, TurnJournals
from hyperpersonal_core.installations.remote_host import RemoteHost
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError
from hyperpersonal_core.turns.claim import Claims
from hyperpersonal_runtime.api import (
    CallResult,
    HookCall,
)
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest
from msgspec import structs


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[RemoteRig]:
    made = RemoteRig(db, bus)
    await made.prepare()
    yield made
    await made.stop()


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG_S):
        while not what():
            await asyncio.sleep(0.01)


class Paused:
    """Stops the first that comes to it, until it is let go; `at` counts who came."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self.go = asyncio.Event()
        self.over: list[str] = []

    async def __call__(self) -> None:
        if not self.came.is_set():
            self.came.set()
            await self.go.wait()


def cancelling(pause: Paused) -> Callable[[TurnRequest, Calls], Awaitable[TurnReply]]:
    """Reads, is held up, writes twice; notes how a run ended that was held up."""

    async def script(request: TurnRequest, calls: Calls) -> TurnReply:
        first = not pause.came.is_set()
        try:
            await calls.tool("shop.get", "open")
            await pause()
            await calls.tool("shop.cancel", "done", write=True)
        except BaseException as error:
            pause.over.append(type(error).__name__)
            raise
        pause.over.append("first" if first else "second")
        return TurnReply("It is cancelled.")

    return script


class Beside:
    """A claimed turn and a remote host that calls several hooks of it at once."""

    def __init__(self, rig: RemoteRig) -> None:
        self._rig = rig
        self._journals = TurnJournals(rig.db, vault_of(rig.db))
        self.remote = RemoteHost(rig.asks, self._journals)
        self.live: LiveTurn

    async def claim(self) -> "Beside":
        rig, conversation = self._rig, await self._rig.conversation()
        await rig.write(conversation, "hello")
        claims = Claims(rig.db, self._journals, rig.clock, rig.ids, QUICK)
        (turn,) = await claims.claim([(TENANT, conversation)])
        self.live = self._journals.open(turn.live)
        return self

    async def call(self, path: str) -> CallResult:
        scope = structs.replace(SCOPE, turn_id=str(self.live.turn_id), path=path)
        return await self.remote.call(structs.replace(CALL, scope=scope))

    async def serve(self, told: Told) -> Runtime:
        """A runtime that does what `told` says with each call and its own journals."""
        journals = TurnJournals(self._rig.db, vault_of(self._rig.db))
        host = ToldHost(lambda call: told(call, journals))
        runtime = await Runtime(self._rig.bus, host, journals).start()
        self._rig.runtimes.append(runtime)
        return runtime


async def intends(call: HookCall, journals: TurnJournals) -> CallResult:
    """Writes once."""
    entry = structs.replace(ENTRY, path=f"{call.scope.path}.1", answer=None)
    await journals.save(call.scope, [entry])
    return CallResult(Outcome.OK, journal=(structs.replace(entry, answer='{"value":1}'),))


class TestBeside:
    """Guards read a reply at the same time: several calls of one turn."""

    async def test_that_calls_of_one_turn_share_it(self, rig: RemoteRig) -> None:
        both = asyncio.Barrier(2)

        async def told(call: HookCall, journals: TurnJournals) -> CallResult:
            await both.wait()
            return await intends(call, journals)

        beside = await Beside(rig).claim()
        await beside.serve(told)
        results = await asyncio.gather(beside.call("guard1"), beside.call("guard2"))
        assert [result.outcome for result in results] == [Outcome.OK, Outcome.OK]
        rows = beside.live.rows
        assert sorted(rows) == ["guard1.1", "guard2.1"]
        assert all(row.answer for row in rows.values())
        assert beside.live.epoch == 1

    async def test_that_one_lost_call_raises_the_epoch_and_the_other_goes_on_under_it(
        self, rig: RemoteRig
    ) -> None:
        beside, came, began = await Beside(rig).claim(), asyncio.Event(), asyncio.Event()

        async def hangs(call: HookCall, journals: TurnJournals) -> CallResult:
            came.set()
            await asyncio.Event().wait()
            raise AssertionError

        async def after_the_loss(call: HookCall, journals: TurnJournals) -> CallResult:
            began.set()
            while beside.live.epoch == 1:
                await asyncio.sleep(0.01)
            return await intends(call, journals)

        silent = await beside.serve(hangs)
        lost = asyncio.create_task(beside.call("guard1"))
        await came.wait()
        await silent.take_no_more()
        await beside.serve(after_the_loss)
        other = asyncio.create_task(beside.call("guard2"))
        await began.wait()
        rig.asks.lose()
        results = await asyncio.gather(lost, other)
        assert [result.outcome for result in results] == [Outcome.OK, Outcome.OK]
        assert beside.live.epoch == 2

    async def test_that_after_a_takeover_nothing_is_asked_again(self, rig: RemoteRig) -> None:
        beside = await Beside(rig).claim()

        async def told(call: HookCall, journals: TurnJournals) -> CallResult:
            async with rig.db.transaction(TENANT) as connection:
                await connection.execute("update conversations set epoch = epoch + 1")
            return await intends(call, journals)

        await beside.serve(told)
        with pytest.raises(ConflictError):
            await beside.call("guard1")
        assert beside.live.rows == {}


class TestTurns:
    async def test_that_a_turn_is_answered_by_a_runtime(self, rig: RemoteRig) -> None:
        await rig.agent("order", echo)
        await rig.runtime()
        rig.start()
        (told,) = await rig.ask("my order")
        assert told.body["text"] == "You said: my order"

    async def test_that_a_turn_survives_its_runtime_and_acts_once(self, rig: RemoteRig) -> None:
        """The write had left when the runtime was killed: it goes out again under its key."""
        pause = Paused()

        async def act_then_stop(key: str) -> None:
            await act(key)
            await pause()

        act, rig.shop.act = rig.shop.act, act_then_stop  # type: ignore[method-assign]

        async def script(request: TurnRequest, calls: Calls) -> TurnReply:
            await calls.tool("shop.get", "open")
            await calls.tool("shop.cancel", "done", write=True)
            return TurnReply("It is cancelled.")

        await rig.agent("order", script)
        lost = await rig.runtime()
        rig.start()
        conversation = await rig.conversation()
        await rig.write(conversation, "cancel my order")
        await asyncio.wait_for(pause.came.wait(), LONG_S)
        other = await rig.runtime()
        await lost.kill()
        rig.asks.lose()
        told = await rig.wait_for(conversation, 2, ("message", "action", "handoff"))
        assert [event.kind for event in told] == ["action", "message"]
        assert list(rig.shop.done.values()) == [1]
        assert list(rig.shop.asked.values()) == [2]
        recorded = other.host.calls[0].recorded  # type: ignore[attr-defined]
        assert [(entry.path, entry.answer is None) for entry in recorded] == [
            ("1", False),
            ("2", True),
        ]

    async def test_that_a_silent_runtime_that_lives_can_write_no_more(self, rig: RemoteRig) -> None:
        """It was taken for dead, and goes on after another has answered: the epoch has passed."""
        pause = Paused()
        await rig.agent("order", cancelling(pause))
        await rig.runtime()
        rig.start()
        conversation = await rig.conversation()
        await rig.write(conversation, "cancel my order")
        await asyncio.wait_for(pause.came.wait(), LONG_S)
        await rig.runtimes[0].take_no_more()
        await rig.runtime()
        rig.asks.lose()
        told = await rig.wait_for(conversation, 2, ("message", "action", "handoff"))
        assert [event.kind for event in told] == ["action", "message"]
        pause.go.set()
        await until(lambda: len(pause.over) == 2)
        assert pause.over == ["second", "ConflictError"]
        assert list(rig.shop.asked.values()) == [1]

    async def test_that_a_runtime_that_is_asked_again_ends_the_older_run_first(
        self, rig: RemoteRig
    ) -> None:
        """Only one runtime, which was late with its signs of life."""
        pause = Paused()
        await rig.agent("order", cancelling(pause))
        await rig.runtime()
        rig.start()
        asked = asyncio.create_task(rig.ask("cancel my order"))
        await asyncio.wait_for(pause.came.wait(), LONG_S)
        rig.asks.lose()
        (told,) = await asked
        assert told.body["text"] == "It is cancelled."
        assert pause.over == ["CancelledError", "second"]
        assert list(rig.shop.asked.values()) == [1]

    async def test_that_a_call_that_loses_two_runtimes_goes_to_a_person(
        self, rig: RemoteRig
    ) -> None:
        runs: list[str] = []

        async def hangs(request: TurnRequest, calls: Calls) -> TurnReply:
            runs.append(request.text)
            await asyncio.Event().wait()
            raise AssertionError

        await rig.agent("order", hangs)
        await rig.runtime()
        rig.start()
        asked = asyncio.create_task(rig.ask("cancel my order"))
        for count in (1, 2):
            await until(lambda count=count: len(runs) == count)  # type: ignore[misc]
            rig.asks.lose()
        (told,) = await asked
        assert told.kind == "handoff"

    async def test_that_without_any_runtime_a_person_answers_in_time(
        self, db: Database, bus: Bus
    ) -> None:
        rig = RemoteRig(db, bus, structs.replace(QUICK, deadline_s=2.5))
        await rig.prepare()
        await rig.agent("order", echo)
        rig.start()
        (told,) = await rig.ask("my order")
        assert told.kind == "handoff"
        await rig.stop()
