"""The turn engine on real PostgreSQL and NATS, with scripted minds and agents.

`ScriptedHost` keeps the runtime's promises (numbered calls, recorded answers, a saved intention
before each write), so that what the engine does with them is what a real sandbox gets.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from fakes.keys import vault_of
from hyperpersonal_core.conversations.timeline import Timeline
from hyperpersonal_core.conversations.values import Event, NewMessage
from hyperpersonal_core.handoffs.service import Handoffs
from hyperpersonal_core.installations.journal import TurnJournals
from hyperpersonal_core.installations.service import Installations
from hyperpersonal_core.installations.values import NewInstallation
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.clock import SystemClock
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.ids import Uuid7Ids
from hyperpersonal_core.kit.outbox import Relay
from hyperpersonal_core.memory.recalled import RecallAsk, Recalled
from hyperpersonal_core.routing.decision import Decision, RouteAsk
from hyperpersonal_core.turns.services import Services
from hyperpersonal_core.turns.turn import TurnSettings
from hyperpersonal_core.turns.worker import TurnWorker
from hyperpersonal_runtime.api import CallResult, HookCall, SealedRelease
from hyperpersonal_runtime.journal import Entry, Journal, NondeterministicError, request_hash
from hyperpersonal_runtime.ports import Ports
from hyperpersonal_sdk.contract.hooks import ReviewAsk, ReviewVerdict
from hyperpersonal_sdk.contract.outcomes import Outcome
from hyperpersonal_sdk.contract.turns import Passage, TurnReply, TurnRequest

TENANT, CHANNEL, CONTACT, MEMBER = UUID(int=1), UUID(int=3), UUID(int=4), UUID(int=5)
# Leases and deadlines that no busy machine reaches; a test that needs the end of one says so.
QUICK = TurnSettings(lease_s=60.0, sweep_every_s=0.1, debounce_ms=1.0, deadline_s=60.0, close_s=0.5)


class AheadClock(SystemClock):
    """The machine's clock, and as much more as a test lets pass."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


class FakeShop:
    """A shop that acts once per key and counts what it did."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()

    async def act(self, key: str) -> None:
        self.asked[key] += 1
        self.done[key] = 1


class Calls:
    """What a scripted agent may call, numbered and recorded like the real thing."""

    def __init__(self, host: "ScriptedHost", call: HookCall) -> None:
        self._host = host
        self._call = call
        self.journal = Journal(call.scope.path, call.recorded)

    async def tool(self, tool: str, value: Any = None, *, write: bool = False, **args: Any) -> Any:
        request = msgspec.json.encode({"tool": tool, "arguments": args}).decode()
        path, known = self.journal.next("tool.call", request)
        if known is not None and known.answer is not None:
            return msgspec.json.decode(known.answer)["value"]["value"]
        entry = Entry(path, "tool.call", request, request_hash("tool.call", request), write=write)
        self.journal.put(entry)
        if write:
            await self._host.journals.save(self._call.scope, list(self.journal.entries))
            await self._host.pause()
            await self._host.shop.act(f"{self._call.scope.turn_id}:{path}")
            await self._host.pause()
        answer = msgspec.json.encode({"value": {"value": value}}).decode()
        self.journal.answered(entry, answer, 0.1)
        return value


Script = Callable[[TurnRequest, Calls], Awaitable[TurnReply | CallResult]]
Review = Callable[[ReviewAsk], Awaitable[ReviewVerdict | CallResult]]


class ScriptedHost:
    """A PluginHost whose plugins are functions, by digest."""

    def __init__(self, journals: TurnJournals, shop: FakeShop) -> None:
        self.journals = journals
        self.shop = shop
        self.scripts: dict[str, Script] = {}
        self.reviews: dict[str, Review] = {}
        self.calls: list[HookCall] = []
        self.pause: Callable[[], Awaitable[None]] = _no_pause

    async def start(self, ports: Ports) -> None: ...

    async def close(self) -> None: ...

    async def call(self, call: HookCall) -> CallResult:
        self.calls.append(call)
        if call.hook == "review_reply":
            return await self._review(call)
        calls = Calls(self, call)
        request = msgspec.json.decode(call.payload, type=TurnRequest)
        try:
            reply = await self.scripts[call.release.digest](request, calls)
        except NondeterministicError as error:
            return CallResult(
                Outcome.NONDETERMINISTIC, detail=str(error), journal=calls.journal.entries
            )
        if isinstance(reply, CallResult):
            return msgspec.structs.replace(reply, journal=calls.journal.entries)
        return CallResult(
            Outcome.OK, msgspec.json.encode(reply), journal=calls.journal.entries, elapsed_ms=0.1
        )

    async def _review(self, call: HookCall) -> CallResult:
        ask = msgspec.json.decode(call.payload, type=ReviewAsk)
        verdict = await self.reviews[call.release.digest](ask)
        if isinstance(verdict, CallResult):
            return verdict
        return CallResult(Outcome.OK, msgspec.json.encode(verdict))


async def _no_pause() -> None: ...


class Releases:
    """A release store that refuses one digest, and another one where nobody accepted it."""

    async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
        if digest == "sha256:untrusted":
            raise RefusedError("its signature does not hold")
        if digest == "sha256:unreviewed" and not unreviewed:
            raise RefusedError("no reviewer stands for it")
        return SealedRelease("acme/x", "1.0.0", digest, "x", {})


class WordRouter:
    """Sends a text to the first agent one of whose labels is in it."""

    async def decide_many(self, asks: list[RouteAsk]) -> list[Decision]:
        return [self._decide(ask.of_the_others()) for ask in asks]

    def _decide(self, ask: RouteAsk) -> Decision:
        text = ask.text.lower()
        if "person" in text:
            return Decision("person", "person", 0.99, "The shopper asks for a person.")
        if ask.active is not None:
            return Decision("agent", "open", 0.9, "its question is open", ask.active)
        for card in ask.agents:
            for label in card.labels:
                if label in text:
                    return Decision("agent", label, 0.9, "named", card.installation_id)
        if "?" in text and not ask.clarified:
            return Decision("clarify", "", 0.3, "unclear", question="Is it about an order?")
        return Decision("decline", "out_of_scope", 0.8, "no label is in it")


class PageRecall:
    """Recalls one passage, whatever is asked."""

    def __init__(self) -> None:
        self.asked: list[RecallAsk] = []

    async def recall_many(self, asks: list[RecallAsk]) -> list[Recalled]:
        self.asked += asks
        page = Passage("p1", "a1", "Returns", "You may return within 30 days.", score=0.8)
        return [Recalled(passages=(page,)) for _ in asks]


class Rig:
    """A tenant with scripted agents; `worker` is made anew by every `start`."""

    def __init__(self, db: Database, bus: Bus, settings: TurnSettings = QUICK) -> None:
        self.db, self.bus, self.settings = db, bus, settings
        self.clock, self.ids = AheadClock(), Uuid7Ids()
        self.relay = Relay(db, bus, self.clock)
        self.timeline = Timeline(db, self.relay, self.clock, self.ids)
        self.installations = Installations(db, self.clock, self.ids)
        self.handoffs = Handoffs(db, self.relay, self.clock, self.ids)
        self.shop = FakeShop()
        self.scripts: dict[str, Script] = {}
        self.reviews: dict[str, Review] = {}
        self.pause: Callable[[], Awaitable[None]] = _no_pause
        self.recall = PageRecall()
        self.host: ScriptedHost
        self.worker: TurnWorker
        self._running: asyncio.Task[None] | None = None

    async def prepare(self) -> "Rig":
        """The tenant, its channel and its contact."""
        async with self.db.transaction(TENANT) as connection:
            await connection.execute(
                "insert into tenants (tenant_id, slug, name, created_at)"
                " values ($1, 'one', 'One', now())",
                TENANT,
            )
            await connection.execute(
                "insert into channels (tenant_id, id, kind, name, created_at)"
                " values ($1, $2, 'webchat', 'chat', now())",
                TENANT,
                CHANNEL,
            )
            await connection.execute(
                "insert into contacts (tenant_id, id, display_name, created_at)"
                " values ($1, $2, 'Ann', now())",
                TENANT,
                CONTACT,
            )
        return self

    async def agent(self, label: str, script: Script, digest: str = "") -> UUID:
        """Install an agent that serves `label`."""
        digest = digest or f"sha256:{label}"
        self.scripts[digest] = script
        manifest = {
            "title": label.title(),
            "agent": {"labels": [label], "intents": []},
        }
        new = NewInstallation(
            f"acme/{label}", "1.0.0", digest, "agent", manifest, ("knowledge:read",)
        )
        return await self.installations.install(TENANT, new)

    async def guard(self, name: str, review: Review, digest: str = "") -> UUID:
        """Install a guard."""
        digest = digest or f"sha256:{name}"
        self.reviews[digest] = review
        new = NewInstallation(f"acme/{name}", "1.0.0", digest, "guard", {"title": name.title()})
        return await self.installations.install(TENANT, new)

    def build(self) -> TurnWorker:
        """A new process's worker: nothing in memory is shared with the one before."""
        journals = TurnJournals(self.db, vault_of(self.db))
        self.host = ScriptedHost(journals, self.shop)
        self.host.scripts = self.scripts
        self.host.reviews = self.reviews
        self.host.pause = self.pause
        services = Services(
            self.db,
            self.bus,
            self.relay,
            self.clock,
            self.ids,
            self.host,
            Installations(self.db, self.clock, self.ids),
            Releases(),
            journals,
            self.recall,
            WordRouter(),
        )
        return TurnWorker(services, self.settings)

    def start(self) -> TurnWorker:
        self.worker = self.build()
        self._running = asyncio.create_task(self.worker.run())
        return self.worker

    async def kill(self) -> None:
        """Drop the worker as a lost process does: no goodbye, leases stay."""
        tasks = [*self.worker._running, *self.worker._loops]
        if self._running is not None:
            tasks.append(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._running = None

    async def stop(self) -> None:
        """Close everything."""
        if self._running is not None:
            await self.worker.close()
            await asyncio.gather(self._running, return_exceptions=True)
        await self.timeline.close()
        await self.relay.close()

    async def conversation(self) -> UUID:
        """A conversation of its own."""
        new = self.ids.new()
        async with self.db.transaction(TENANT) as connection:
            await connection.execute(
                "insert into conversations (tenant_id, id, channel_id, contact_id, created_at,"
                " updated_at) values ($1, $2, $3, $4, now(), now())",
                TENANT,
                new,
                CHANNEL,
                CONTACT,
            )
        return new

    async def write(self, conversation: UUID, text: str, external_id: str = "") -> None:
        """The shopper writes."""
        external_id = external_id or self.ids.new().hex
        message = NewMessage(TENANT, conversation, CONTACT, external_id, {"text": text})
        await self.timeline.append(message)

    async def events(self, conversation: UUID) -> list[Event]:
        return await self.timeline.read(TENANT, conversation, 0, 500)

    async def wait_for(
        self,
        conversation: UUID,
        count: int,
        kinds: tuple[str, ...] = ("message", "handoff"),
        timeout: float = 60.0,
    ) -> list[Event]:
        """The events that are not the contact's, once there are `count` of these kinds."""
        async with asyncio.timeout(timeout):
            while True:
                events = await self.events(conversation)
                told = [e for e in events if e.source != "contact" and e.kind in kinds]
                if len(told) >= count:
                    return told
                await asyncio.sleep(0.01)

    async def turns_over(self) -> None:
        """Until no turn runs here, however each of them ended."""
        async with asyncio.timeout(60):
            while self.worker._running:
                await asyncio.sleep(0.01)

    async def ask(self, text: str, count: int = 1) -> list[Event]:
        """A new conversation with one message; what was told."""
        conversation = await self.conversation()
        await self.write(conversation, text)
        return await self.wait_for(conversation, count)


async def echo(request: TurnRequest, calls: Calls) -> TurnReply:
    """Says the shopper's own words."""
    return TurnReply(f"You said: {request.text}", confidence=0.8)
