"""One merchant of an evaluation: holds one conversation at a time, each before a fresh store."""

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import msgspec
from hyperpersonal_core.api import TurnView
from msgspec import Struct

from hyperpersonal_web.demo_shop.admin_client import ShopAdmin
from hyperpersonal_web.demo_shop.model import Action
from hyperpersonal_web.http.chat import SessionRequest
from hyperpersonal_web.http.tokens import ContactScope
from hyperpersonal_web.wiring import Gateway

DATASET = "eval"


class _Heard(Struct, frozen=True):
    """An event of a frame as the shopper's page gets it."""

    source: str
    kind: str
    text: str


class _Frame(Struct, frozen=True):
    events: list[_Heard]


class Ear:
    """Hears one conversation: a `hub.Listener` that keeps what was answered."""

    hears_typing = False

    def __init__(self) -> None:
        self.cursor = 0
        self._answers: asyncio.Queue[list[str]] = asyncio.Queue()

    def offer(self, frame: str) -> None:
        """A turn is committed as a whole, so what it said comes in one frame."""
        events = msgspec.json.decode(frame, type=_Frame).events
        if texts := [event.text for event in events if event.source != "contact"]:
            self._answers.put_nowait(texts)

    async def next(self) -> list[str]:
        """What the next turn said; the caller has the deadline."""
        return await self._answers.get()


class Tables(Struct, frozen=True):
    """The shop's side of a slot: its own store."""

    admin: ShopAdmin
    store: str


class Slot:
    """Implements `tasks.Platform`: a chat of a tenant, and the store its connector speaks to.

    `turn_ms`: how long each turn took, from the message sent to its answer heard.
    """

    def __init__(self, gateway: Gateway, tables: Tables, channel_key: str) -> None:
        self._gateway = gateway
        self._tables = tables
        self._channel_key = channel_key
        self._scope: ContactScope
        self._ear = Ear()
        self.turn_ms: list[float] = []

    async def open(self) -> str:
        """A new contact's conversation, over a store as it was loaded."""
        await self._tables.admin.make(self._tables.store, DATASET)
        session = await self._gateway.chat.open(SessionRequest(self._channel_key))
        if hasattr(self, "_scope"):
            self._gateway.hub.leave(self._place, self._ear)
        self._scope = self._gateway.tokens.read(session.token)
        self._ear = Ear()
        self._gateway.hub.join(self._place, self._ear)
        return session.conversation_id

    async def say(self, conversation: str, text: str) -> list[str]:
        """Send a message; what the turn it begins said."""
        started = time.perf_counter()
        await self._gateway.intake.take(self._scope, {"id": str(uuid4()), "text": text})
        answers = await self._ear.next()
        self.turn_ms.append((time.perf_counter() - started) * 1000)
        return answers

    async def handed_over(self, conversation: str) -> bool:
        """Whether a person has it now."""
        return (await self._gateway.handoffs.read(*self._place)).mode == "manual"

    async def writes(self, conversation: str) -> list[Action]:
        """The log of writes of the store."""
        return await self._tables.admin.acts(self._tables.store)

    async def digest(self, conversation: str) -> str:
        """Of what changed in the store."""
        return await self._tables.admin.digest(self._tables.store)

    async def turns(self) -> list[TurnView]:
        """The turns of the conversation it holds, as staff sees them."""
        return await self._gateway.history.of(*self._place)

    async def handoff(self) -> dict[str, Any] | None:
        """What the person who has it was told; None if nobody has."""
        return (await self._gateway.handoffs.read(*self._place)).packet

    @property
    def _place(self) -> tuple[UUID, UUID]:
        return self._scope.tenant_id, self._scope.conversation_id
