"""Who is there, over the real bus."""

import asyncio
from collections.abc import Callable

from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.presence import BEATS_MISSED_MAX, Presence

SUBJECT = "hp.walls"
NEVER_S = 3_600.0


def stopped() -> float:
    """A clock in which nobody is forgotten."""
    return 0.0


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not what():
            await asyncio.sleep(0.02)


class Counted(Presence):
    """Counts the beats it hears."""

    beats = 0

    async def _hear(self, delivery: object) -> None:
        await super()._hear(delivery)  # type: ignore[arg-type]
        self.beats += 1


async def test_that_who_came_first_is_heard_at_once_and_forgotten_when_it_is_gone(bus: Bus) -> None:
    at, early = 0.0, Counted(bus, SUBJECT, NEVER_S, stopped)
    teller = Presence(bus, SUBJECT, NEVER_S)
    listener = Presence(bus, SUBJECT, every_s=0.2, now=lambda: at)
    await early.listen()
    telling = asyncio.create_task(teller.tell("landlock"))
    await until(lambda: early.beats == 1)  # only the listener's question brings another
    await listener.listen()
    await until(lambda: listener.facts() == ["landlock"])
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    at = 0.2 * BEATS_MISSED_MAX
    assert listener.facts() == ["landlock"]
    at += 0.01
    assert listener.facts() == []


async def test_that_who_comes_later_is_heard_and_nobody_else(bus: Bus) -> None:
    listener, other = Counted(bus, SUBJECT, now=stopped), Counted(bus, "hp.other", now=stopped)
    await listener.listen()
    await other.listen()
    assert listener.facts() == []
    others = asyncio.create_task(Presence(bus, "hp.other", every_s=0.05).tell("x"))
    telling = asyncio.create_task(Presence(bus, SUBJECT, every_s=0.05).tell("namespaces"))
    await until(lambda: listener.beats > 3 and other.beats > 3)
    assert listener.facts() == ["namespaces"]
    for task in (telling, others):
        task.cancel()
    await asyncio.gather(telling, others, return_exceptions=True)
