"""Pushes new events to whoever listens in this process.

Rules:
- One subscription to what was said and one to what was answered, a process. An envelope only says
  which conversations grew; those with listeners here are read in one query and encoded once each.
- A listener has a cursor: it gets each event once and in order, however often it was announced.
- A draft is pushed only to who has seen nothing newer than the messages it answers.
- What the bus lost is found by a slow sweep over the conversations with listeners.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

import msgspec
from hyperpersonal_core.api import DRAFTS, Event, Shown, Timeline
from hyperpersonal_core.kit import envelope, log
from hyperpersonal_core.kit.bus import Bus, Delivery
from hyperpersonal_core.kit.errors import OutsideError
from hyperpersonal_core.kit.outbox import INBOUND, TIMELINE

from hyperpersonal_web.http.views import contact_frame, frame

TYPING = "hp.typing"
SWEEP_EVERY_S = 15.0
SWEEP_CONVERSATIONS_MAX = 500
READ_CONVERSATIONS_MAX = 256
EVENTS_MAX = 100
RETRY_DELAY_S = 0.5

Key = tuple[UUID, UUID]


class Listener(Protocol):
    """Somebody waiting for news of one conversation. `cursor`: the newest offset they have."""

    cursor: int

    def offer(self, frame: str) -> None: ...


class Typing(msgspec.Struct, frozen=True, array_like=True):
    """Somebody is writing; worth nothing a second later, so it is only announced."""

    tenant_id: UUID
    conversation_id: UUID
    source: str


class Hub:
    """Every listener of this process, by conversation (tenant, id)."""

    def __init__(self, timeline: Timeline, bus: Bus) -> None:
        self._timeline = timeline
        self._bus = bus
        self._listeners: dict[Key, list[Listener]] = {}
        self._dirty: set[Key] = set()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._log = log.get("hub")

    async def start(self) -> None:
        """Subscribe, and begin to push."""
        for subject in (TIMELINE, INBOUND):
            await self._bus.subscribe(subject, self._announced)
        await self._bus.subscribe(TYPING, self._typed)
        await self._bus.subscribe(DRAFTS, self._drafted)
        self._tasks = [asyncio.create_task(self._pump()), asyncio.create_task(self._sweep())]

    async def close(self) -> None:
        """Push no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def join(self, key: Key, listener: Listener) -> None:
        """From now on `listener` gets what is after its cursor, what is there already included."""
        self._listeners.setdefault(key, []).append(listener)
        self._mark((key,))

    def leave(self, key: Key, listener: Listener) -> None:
        """The listener is gone."""
        there = self._listeners.get(key, [])
        if listener in there:
            there.remove(listener)
        if not there:
            self._listeners.pop(key, None)

    async def typing(self, key: Key, source: str) -> None:
        """Tell the others in the conversation, on any gateway, that `source` is writing."""
        await self._bus.announce(TYPING, msgspec.msgpack.encode(Typing(*key, source)))

    def _mark(self, keys: Iterable[Key]) -> None:
        self._dirty.update(keys)
        self._wake.set()

    async def _announced(self, delivery: Delivery) -> None:
        wakes = envelope.decode(delivery.payload).wakes
        keys = ((wake.tenant_id, wake.conversation_id) for wake in wakes)
        if known := [key for key in keys if key in self._listeners]:
            self._mark(known)

    async def _typed(self, delivery: Delivery) -> None:
        typing = msgspec.msgpack.decode(delivery.payload, type=Typing)
        for listener in self._listeners.get((typing.tenant_id, typing.conversation_id), ()):
            if getattr(listener, "hears_typing", False) and typing.source != "contact":
                listener.offer(f'{{"type":"typing","source":"{typing.source}"}}')

    async def _drafted(self, delivery: Delivery) -> None:
        """An answer that is still being written; after a takeover or the reply it is too late."""
        shown = msgspec.msgpack.decode(delivery.payload, type=Shown)
        for listener in self._listeners.get((shown.tenant_id, shown.conversation_id), ()):
            if getattr(listener, "hears_typing", False) and listener.cursor <= shown.after:
                listener.offer(frame("draft", after=shown.after, text=shown.text))

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while keys := [
                self._dirty.pop() for _ in range(min(len(self._dirty), READ_CONVERSATIONS_MAX))
            ]:
                await self._push_safely([key for key in keys if key in self._listeners])

    async def _push_safely(self, keys: list[Key]) -> None:
        """A fault with some conversations must not silence the others; the sweep tries again."""
        try:
            await self._push(keys)
        except Exception:
            self._log.exception("hub.push_failed", conversations=len(keys))

    async def _push(self, keys: list[Key]) -> None:
        asked = [(*key, min(listener.cursor for listener in self._listeners[key])) for key in keys]
        try:
            found = await self._timeline.read_many(asked, EVENTS_MAX) if asked else []
        except OutsideError as error:
            self._log.warning("hub.read_failed", error=str(error))
            await asyncio.sleep(RETRY_DELAY_S)
            self._mark(keys)
            return
        for (*_, after), key, events in zip(asked, keys, found, strict=True):
            if events:
                self._deliver(key, after, events)
            if len(events) == EVENTS_MAX:
                self._mark((key,))

    def _deliver(self, key: Key, after: int, events: Sequence[Event]) -> None:
        """Give what was read after an offset to all who have at least that much.

        Who joined while it was read and has less is marked already, and gets it all next.
        """
        frames: dict[int, str] = {}
        for listener in tuple(self._listeners.get(key, ())):
            cursor = listener.cursor
            if not after <= cursor < events[-1].offset:
                continue
            if cursor not in frames:
                frames[cursor] = contact_frame([event for event in events if event.offset > cursor])
            listener.cursor = events[-1].offset
            if frames[cursor]:
                listener.offer(frames[cursor])

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            keys = list(self._listeners)
            for start in range(0, len(keys), SWEEP_CONVERSATIONS_MAX):
                self._mark(keys[start : start + SWEEP_CONVERSATIONS_MAX])
                await asyncio.sleep(0.2)
