import asyncio

import pytest
from hyperpersonal_core.kit import tasks


async def deaf(times: int) -> None:
    """Loses so many cancellations, as `wait_for` may."""
    for _ in range(times):
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            continue
    await asyncio.sleep(3_600)


@pytest.mark.parametrize("times", [0, 1, 2])
async def test_that_a_lost_cancellation_is_asked_again(times: int) -> None:
    task = asyncio.create_task(deaf(times))
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await tasks.end([task])
    assert task.cancelled()


async def test_that_what_failed_or_ended_is_no_trouble() -> None:
    async def fail() -> None:
        raise ValueError

    failed, done = asyncio.create_task(fail()), asyncio.create_task(asyncio.sleep(0))
    await asyncio.wait([failed, done])
    await tasks.end([failed, done])
    await tasks.end([])
