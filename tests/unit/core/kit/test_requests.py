"""Requests over the real bus: shared, alive, bounded, and honest about who was lost."""

import asyncio
import contextlib
import time

import pytest
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.errors import OutsideError, TooLargeError
from hyperpersonal_core.kit.requests import NobodyServesError, Requests, Serving, SilentError

SUBJECT, QUEUE = "hp.sums", "adders"
LONG_S = 60.0


@pytest.fixture
def requests(bus: Bus) -> Requests:
    """Whose askers lose nobody to a busy machine."""
    return Requests(bus, silence_s_max=LONG_S, alive_every_s=0.1)


async def twice(body: bytes) -> bytes:
    return body + body


class Held:
    """Work that begins, and ends when it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def __call__(self, body: bytes) -> bytes:
        self.begun.set()
        await self.go.wait()
        return body


async def for_ever(body: bytes) -> bytes:
    await asyncio.Event().wait()
    return body


async def wrongly(body: bytes) -> bytes:
    raise RuntimeError("a defect")


@contextlib.asynccontextmanager
async def closing(serving: Serving):  # type: ignore[no-untyped-def]
    yield serving
    await serving.close()


async def test_that_a_request_is_answered_by_one_of_those_who_share_it(requests: Requests) -> None:
    taken: list[int] = []

    def adder(number: int):  # type: ignore[no-untyped-def]
        async def work(body: bytes) -> bytes:
            taken.append(number)
            return body + body

        return work

    async with (
        closing(await requests.serve(SUBJECT, QUEUE, adder(1))),
        closing(await requests.serve(SUBJECT, QUEUE, adder(2))),
    ):
        asks = (requests.ask(SUBJECT, b"%d" % n, LONG_S) for n in range(40))
        assert await asyncio.gather(*asks) == [b"%d%d" % (n, n) for n in range(40)]
    assert len(taken) == 40
    assert set(taken) == {1, 2}


async def test_that_a_request_nobody_serves_fails_at_once(requests: Requests) -> None:
    started = time.monotonic()
    with pytest.raises(NobodyServesError):
        await requests.ask(SUBJECT, b"1", 2 * LONG_S)
    assert time.monotonic() - started < LONG_S


async def test_that_long_work_is_waited_for_while_it_gives_signs_of_life(bus: Bus) -> None:
    async def slowly(body: bytes) -> bytes:
        await asyncio.sleep(5)
        return body

    requests = Requests(bus, silence_s_max=4, alive_every_s=0.1)  # 40 signs in every silence
    async with closing(await requests.serve(SUBJECT, QUEUE, slowly)):
        assert await requests.ask(SUBJECT, b"1", LONG_S) == b"1"


async def test_that_the_deadline_ends_even_living_work(requests: Requests) -> None:
    async with closing(await requests.serve(SUBJECT, QUEUE, for_ever)):
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            await requests.ask(SUBJECT, b"1", 0.7)
        assert 0.6 < time.monotonic() - started < LONG_S


async def test_that_a_lost_server_is_noticed_by_its_silence(bus: Bus) -> None:
    held, requests = Held(), Requests(bus, silence_s_max=0.4, alive_every_s=0.1)
    serving = await requests.serve(SUBJECT, QUEUE, held)
    asked = asyncio.create_task(requests.ask(SUBJECT, b"1", 2 * LONG_S))
    await held.begun.wait()
    await serving.close()
    with pytest.raises(SilentError):
        await asyncio.wait_for(asked, LONG_S)


async def test_that_bodies_over_the_servers_limit_are_refused_on_both_ways(
    requests: Requests,
) -> None:
    most = requests.body_bytes_max
    async with closing(await requests.serve(SUBJECT, QUEUE, twice)):
        half = bytes(most // 2)
        assert len(await requests.ask(SUBJECT, half, LONG_S)) == most // 2 * 2
        with pytest.raises(TooLargeError, match="max_payload"):
            await requests.ask(SUBJECT, bytes(most + 1), LONG_S)
        with pytest.raises(OutsideError, match="failed where it is served"):
            await requests.ask(SUBJECT, bytes(most // 2 + 1), LONG_S)


async def test_that_failing_work_is_told_and_the_next_is_served(requests: Requests) -> None:
    async with closing(await requests.serve(SUBJECT, QUEUE, wrongly)):
        for _ in range(2):
            with pytest.raises(OutsideError, match="failed where it is served"):
                await requests.ask(SUBJECT, b"1", LONG_S)


async def test_that_a_busy_server_says_so(requests: Requests) -> None:
    held = Held()
    async with closing(await requests.serve(SUBJECT, QUEUE, held, running_max=1)):
        first = asyncio.create_task(requests.ask(SUBJECT, b"1", LONG_S))
        await held.begun.wait()
        with pytest.raises(NobodyServesError, match="busy"):
            await requests.ask(SUBJECT, b"2", LONG_S)
        held.go.set()
        assert await first == b"1"


async def test_that_a_draining_server_ends_its_work_and_takes_no_more(requests: Requests) -> None:
    held = Held()
    serving = await requests.serve(SUBJECT, QUEUE, held)
    first = asyncio.create_task(requests.ask(SUBJECT, b"1", LONG_S))
    await held.begun.wait()
    draining = asyncio.create_task(serving.drain(LONG_S))
    async with asyncio.timeout(LONG_S):
        while serving._heard is not None:  # until it takes no more
            await asyncio.sleep(0.01)
    with pytest.raises(NobodyServesError):
        await requests.ask(SUBJECT, b"2", LONG_S)
    held.go.set()
    assert await first == b"1"
    await draining
