"""Ending tasks for good."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_S = 0.5


async def end(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel tasks and wait until all are gone.

    Asks again and again: before Python 3.12 `asyncio.wait_for` loses a cancellation that comes
    together with the answer it waits for (CPython issue 86296), and a loop then goes on for ever.
    """
    ended: list[asyncio.Task[Any]] = []
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=AGAIN_S)
        ended += done
    await asyncio.gather(*ended, return_exceptions=True)  # whoever cares has heard already
