"""Who is there, over the real bus."""

import asyncio
import time

from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.presence import Presence

SUBJECT = "hp.walls"


async def until(listener: Presence, facts: list[str]) -> None:
    ends = time.monotonic() + 5
    while listener.facts() != facts:
        assert time.monotonic() < ends, listener.facts()
        await asyncio.sleep(0.02)


async def test_that_who_came_first_is_heard_at_once_and_forgotten_when_it_is_gone(bus: Bus) -> None:
    teller, listener = Presence(bus, SUBJECT, every_s=60), Presence(bus, SUBJECT, every_s=0.2)
    telling = asyncio.create_task(teller.tell("landlock"))
    await asyncio.sleep(0.2)  # its first beat is over: only the listener's question brings another
    await listener.listen()
    await until(listener, ["landlock"])
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    await until(listener, [])


async def test_that_who_comes_later_is_heard_and_nobody_else(bus: Bus) -> None:
    listener = Presence(bus, SUBJECT, every_s=0.2)
    await listener.listen()
    assert listener.facts() == []
    others = asyncio.create_task(Presence(bus, "hp.other", every_s=0.05).tell("x"))
    telling = asyncio.create_task(Presence(bus, SUBJECT, every_s=0.05).tell("namespaces"))
    await until(listener, ["namespaces"])
    await asyncio.sleep(0.3)
    assert listener.facts() == ["namespaces"]
    for task in (telling, others):
        task.cancel()
    await asyncio.gather(telling, others, return_exceptions=True)
