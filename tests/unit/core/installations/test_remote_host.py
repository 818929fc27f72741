"""Plugins in other processes: what crosses, what is refused, and what a lost runtime costs."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from fakes.keys import vault_of
from fakes.runtimes import CALL, ENTRY, LONG_S, RELEASE, Askers, Runtime, ToldHost
from hyperpersonal_core.installations import remote_host
from hyperpersonal_core.installations.journal import TurnJournals
from hyperpersonal_core.installations.remote_host import RemoteHost
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import ConflictError, OutsideError, RefusedError
from hyperpersonal_runtime.api import (
    CallResult,
    HookCall,
    Limits,
)
from hyperpersonal_sdk.contract.outcomes import Outcome
from msgspec import structs


def answering(result: CallResult) -> ToldHost:
    async def told(call: HookCall) -> CallResult:
        return result

    return ToldHost(told)


def raising(error: Exception) -> ToldHost:
    async def told(call: HookCall) -> CallResult:
        raise error

    return ToldHost(told)


class Pair:
    """A remote host and the runtimes it may ask; calls belong to no turn."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self.asks = Askers(bus)
        self.remote = RemoteHost(self.asks, TurnJournals(db, vault_of(db)))
        self._db, self._bus = db, bus
        self._runtimes: list[Runtime] = []

    async def serve(self, host: ToldHost) -> Runtime:
        made = await Runtime(self._bus, host, TurnJournals(self._db, vault_of(self._db))).start()
        self._runtimes.append(made)
        return made

    async def end(self) -> None:
        for runtime in self._runtimes:
            await runtime.kill()


@pytest.fixture
async def pair(db: Database, bus: Bus) -> AsyncIterator[Pair]:
    made = Pair(db, bus)
    yield made
    await made.end()


class TestOneCall:
    @pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.SUSPENDED])
    async def test_that_every_outcome_crosses_unchanged(self, pair: Pair, outcome: Outcome) -> None:
        result = CallResult(outcome, b'{"a":1}', "why", (ENTRY,), ("line",), 1.5, 0.5, 9.0, 2)
        await pair.serve(answering(result))
        assert await pair.remote.call(CALL) == result

    async def test_that_the_runtime_loads_the_release_itself(self, pair: Pair) -> None:
        host = answering(CallResult(Outcome.OK))
        await pair.serve(host)
        await pair.remote.call(CALL)
        (got,) = host.calls
        assert got.release.plugin_id == "acme/x"  # its own store's word, not the worker's
        assert (got.grants, got.scope, got.payload) == (CALL.grants, CALL.scope, CALL.payload)
        assert 0 < got.limits.deadline_ms <= CALL.limits.deadline_ms - 200, "it ends before we do"
        untrusted = structs.replace(
            CALL, release=structs.replace(RELEASE, digest="sha256:untrusted")
        )
        with pytest.raises(RefusedError, match="its signature does not hold"):
            await pair.remote.call(untrusted)

    async def test_that_a_shops_word_for_unreviewed_code_crosses(self, pair: Pair) -> None:
        await pair.serve(answering(CallResult(Outcome.OK)))
        bare = structs.replace(CALL, release=structs.replace(RELEASE, digest="sha256:unreviewed"))
        with pytest.raises(RefusedError, match="no reviewer stands for it"):
            await pair.remote.call(bare)
        accepted = await pair.remote.call(structs.replace(bare, unreviewed=True))
        assert accepted.outcome is Outcome.OK

    async def test_that_what_the_host_raises_is_raised_here(self, pair: Pair) -> None:
        runtime = await pair.serve(raising(ConflictError("a person took over")))
        with pytest.raises(ConflictError, match="a person took over"):
            await pair.remote.call(CALL)
        await runtime.kill()
        await pair.serve(raising(OutsideError("the database is away")))
        with pytest.raises(OutsideError, match="the database is away"):
            await pair.remote.call(CALL)

    async def test_that_the_deadline_is_the_calls(self, pair: Pair) -> None:
        async def told(call: HookCall) -> CallResult:
            await asyncio.Event().wait()
            raise AssertionError

        await pair.serve(ToldHost(told))
        started = time.monotonic()
        result = await pair.remote.call(structs.replace(CALL, limits=Limits(deadline_ms=800)))
        assert result.outcome is Outcome.TIMED_OUT
        assert time.monotonic() - started < LONG_S

    async def test_that_a_call_waits_for_a_runtime_and_says_what_is_missing(
        self, pair: Pair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(remote_host, "RETRY_S", 3.0)  # it asks once, and has time to be told
            result = await pair.remote.call(structs.replace(CALL, limits=Limits(deadline_ms=3_000)))
        assert result.outcome is Outcome.TIMED_OUT
        assert "hp serve --role runtime" in result.detail
        waiting = asyncio.create_task(pair.remote.call(CALL))
        await asyncio.sleep(0.3)
        await pair.serve(answering(CallResult(Outcome.OK, b"1")))
        assert (await waiting).value == b"1"

    async def test_that_what_does_not_fit_is_over_limit_both_ways(self, pair: Pair) -> None:
        big = "x" * 2**20
        await pair.serve(answering(CallResult(Outcome.OK, logs=(big,))))
        for payload in (big.encode(), b"{}"):
            result = await pair.remote.call(structs.replace(CALL, payload=payload))
            assert result.outcome is Outcome.OVER_LIMIT
            assert "max_payload" in result.detail

    async def test_that_a_lost_call_without_a_turn_is_not_repeated(self, pair: Pair) -> None:
        async def told(call: HookCall) -> CallResult:
            await asyncio.Event().wait()
            raise AssertionError

        first, second = ToldHost(told), answering(CallResult(Outcome.OK))
        runtime = await pair.serve(first)
        asked = asyncio.create_task(pair.remote.call(CALL))
        while not first.calls:
            await asyncio.sleep(0.01)
        await pair.serve(second)
        await runtime.kill()
        pair.asks.lose()
        assert (await asked).outcome is Outcome.TRAPPED
        assert second.calls == []

    async def test_that_a_closing_runtime_hands_its_calls_to_the_next(self, pair: Pair) -> None:
        async def told(call: HookCall) -> CallResult:
            await leaving.closed.wait()
            return CallResult(Outcome.SUSPENDED, journal=(ENTRY,))

        leaving, staying = ToldHost(told), answering(CallResult(Outcome.OK, b"2"))
        runtime = await pair.serve(leaving)
        asked = asyncio.create_task(pair.remote.call(structs.replace(CALL, limits=Limits())))
        while not leaving.calls:
            await asyncio.sleep(0.01)
        await pair.serve(staying)
        await runtime.service.close()
        assert (await asked).value == b"2"
        assert staying.calls[0].recorded == (ENTRY,)
