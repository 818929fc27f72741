import asyncio
from collections.abc import Callable, Sequence

import pytest
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.kit.group_commit import Batcher


class Ledger:
    """A flush that notes its batches and waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.flying = self.flying_max = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def flush(self, items: list[int]) -> Sequence[int | Exception]:
        self.batches.append(items)
        self.flying += 1
        self.flying_max = max(self.flying, self.flying_max)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            if -1 in items:
                raise RuntimeError("the disk is gone")
            return [ValueError("odd") if item == 13 else item * 2 for item in items]
        finally:
            self.flying -= 1


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not what():
            await asyncio.sleep(0.001)


async def test_that_many_puts_share_few_flushes() -> None:
    ledger = Ledger()
    batcher = Batcher(ledger.flush, size_max=256)
    assert await asyncio.gather(*(batcher.put(n + 100) for n in range(1000))) == [
        (n + 100) * 2 for n in range(1000)
    ]
    assert [len(batch) for batch in ledger.batches] == [256, 256, 256, 232]
    assert [item for batch in ledger.batches for item in batch] == list(range(100, 1100))


async def test_that_one_item_does_not_wait_long() -> None:
    batcher = Batcher(Ledger().flush, wait_ms=2)
    async with asyncio.timeout(60):
        assert await batcher.put(1) == 2


async def test_that_two_flights_at_most_are_on_their_way() -> None:
    ledger = Ledger()
    ledger.gate.clear()
    batcher = Batcher(ledger.flush, size_max=10, flights_max=2)
    puts = asyncio.gather(*(batcher.put(n + 100) for n in range(50)))
    await until(lambda: len(ledger.batches) == 2)
    await asyncio.sleep(0.05)
    assert len(ledger.batches) == 2
    ledger.gate.set()
    await puts
    assert ledger.flying_max == 2


async def test_that_a_failed_flush_fails_its_own_items_only() -> None:
    ledger = Ledger()
    batcher = Batcher(ledger.flush, size_max=2)
    answers = await asyncio.gather(
        batcher.put(1), batcher.put(-1), batcher.put(3), batcher.put(4), return_exceptions=True
    )
    assert [type(answer) for answer in answers[:2]] == [RuntimeError, RuntimeError]
    assert answers[2:] == [6, 8]


async def test_that_one_refused_item_leaves_its_batch_alone() -> None:
    batcher = Batcher(Ledger().flush)
    answers = await asyncio.gather(batcher.put(12), batcher.put(13), return_exceptions=True)
    assert answers[0] == 24
    assert isinstance(answers[1], ValueError)


async def test_that_a_full_queue_refuses_at_once() -> None:
    ledger = Ledger()
    ledger.gate.clear()
    batcher = Batcher(ledger.flush, size_max=1, flights_max=1, waiting_max=3)
    flying = asyncio.create_task(batcher.put(1))
    await until(lambda: bool(ledger.batches))
    waiting = [asyncio.create_task(batcher.put(n)) for n in (2, 3, 4)]
    await asyncio.sleep(0.02)
    with pytest.raises(OutsideError, match="too many"):
        await batcher.put(99)
    ledger.gate.set()
    assert await asyncio.gather(flying, *waiting) == [2, 4, 6, 8]


async def test_that_a_cancelled_caller_harms_nobody() -> None:
    ledger = Ledger()
    ledger.gate.clear()
    batcher = Batcher(ledger.flush)
    gone, stays = asyncio.create_task(batcher.put(1)), asyncio.create_task(batcher.put(2))
    await until(lambda: bool(ledger.batches))
    gone.cancel()
    ledger.gate.set()
    assert await stays == 4
    assert gone.cancelled() or await asyncio.wait({gone})


async def test_that_close_flushes_what_was_taken_and_takes_no_more() -> None:
    batcher = Batcher(Ledger().flush, wait_ms=60_000)
    put = asyncio.create_task(batcher.put(5))
    await asyncio.sleep(0)
    await batcher.close()
    assert await put == 10
    with pytest.raises(OutsideError):
        await batcher.put(6)


async def test_that_who_has_nothing_on_its_way_flies_ahead_of_a_flood() -> None:
    held, flown = asyncio.Event(), list[list[str]]()

    async def flush(batch: list[str]) -> list[str]:
        flown.append(batch)
        if batch[0].startswith("flood"):
            await held.wait()
        return batch

    batcher: Batcher[str, str] = Batcher(
        flush, size_max=4, wait_ms=0.1, flights_max=1, owner=lambda item: item.split()[0]
    )
    flood = [asyncio.create_task(batcher.put(f"flood {number}")) for number in range(12)]
    await until(lambda: bool(flown))
    assert await asyncio.wait_for(batcher.put("quiet 1"), 60) == "quiet 1"
    assert flown == [["flood 0", "flood 1", "flood 2", "flood 3"], ["quiet 1"]]
    held.set()
    assert await asyncio.gather(*flood) == [f"flood {number}" for number in range(12)]
    await batcher.close()


async def test_that_a_full_queue_refuses_the_newest_of_whoever_has_most() -> None:
    held, flown = asyncio.Event(), list[list[str]]()

    async def flush(batch: list[str]) -> list[str]:
        flown.append(batch)
        await held.wait()
        return batch

    batcher: Batcher[str, str] = Batcher(
        flush, size_max=1, wait_ms=0, flights_max=1, waiting_max=3, owner=lambda item: item[0]
    )
    puts = [asyncio.create_task(batcher.put(f"a{number}")) for number in range(4)]
    await until(lambda: bool(flown))
    puts.append(asyncio.create_task(batcher.put("a4")))
    puts.append(asyncio.create_task(batcher.put("b0")))
    await asyncio.sleep(0.01)
    held.set()
    got = await asyncio.gather(*puts, return_exceptions=True)
    assert got[-1] == "b0"
    assert [isinstance(one, OutsideError) for one in got[:-1]] == [False] * 3 + [True] * 2
    await batcher.close()
