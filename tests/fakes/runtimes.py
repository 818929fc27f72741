"""The turn engine's rig with its plugins in runtimes that are asked over the bus."""

import asyncio
from collections.abc import Awaitable, Callable

from fakes.keys import vault_of
from fakes.turns import QUICK, TENANT, FakeShop, PageRecall, Releases, Rig, ScriptedHost, WordRouter
from hyperpersonal_core.installations.host_service import HostService
from hyperpersonal_core.installations.journal import TurnJournals
from hyperpersonal_core.installations.remote_host import RemoteHost
from hyperpersonal_core.installations.service import Installations
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.requests import Requests, SilentError
from hyperpersonal_core.turns.services import Services
from hyperpersonal_core.turns.turn import TurnSettings
from hyperpersonal_core.turns.worker import TurnWorker
from hyperpersonal_runtime.api import (
    CallResult,
    CallScope,
    Entry,
    HookCall,
    Limits,
    PluginHost,
    Ports,
    SealedRelease,
)

LONG_S = 60.0


SCOPE = CallScope(str(TENANT), "00000000-0000-0000-0000-000000000009")
RELEASE = SealedRelease("acme/claimed", "1.0.0", "sha256:x", "x", {"x.py": b"source"})
CALL = HookCall(RELEASE, "reply", b"{}", SCOPE, ("kv:1MiB",), Limits(deadline_ms=100_000))
ENTRY = Entry(
    "1", "kv.get", '{"key":"\\u0000"}', b"\xff" * 32, '{"value":1}', True, {"calls": 1}, 2.5
)


Told = Callable[[HookCall, TurnJournals], Awaitable[CallResult]]


class ToldHost:
    """A plugin host that does as it is told."""

    def __init__(self, told: Callable[[HookCall], Awaitable[CallResult]]) -> None:
        self._told = told
        self.calls: list[HookCall] = []
        self.closed = asyncio.Event()

    async def start(self, ports: Ports) -> None: ...

    async def close(self) -> None:
        self.closed.set()

    async def call(self, call: HookCall) -> CallResult:
        self.calls.append(call)
        return await self._told(call)


class Askers(Requests):
    """Requests of who asks runtimes. A test says which of them falls silent, and when: how long a
    silence lasts is `kit.requests`' own matter, and no busy machine is taken for a lost runtime."""

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus, silence_s_max=1_000.0)
        self._asked: list[asyncio.Task[bytes]] = []
        self._lost: set[asyncio.Task[bytes]] = set()

    def lose(self) -> None:
        """Who took the eldest request gives no more sign of life."""
        asked = self._asked.pop(0)
        self._lost.add(asked)
        asked.cancel()

    async def ask(self, subject: str, payload: bytes, deadline_s: float) -> bytes:
        asked = asyncio.create_task(super().ask(subject, payload, deadline_s))
        self._asked.append(asked)
        try:
            return await asked
        except asyncio.CancelledError:
            if asked in self._lost:
                raise SilentError("as the test says") from None
            raise
        finally:
            if asked in self._asked:
                self._asked.remove(asked)


class Runtime:
    """A runtime process, but for the process."""

    def __init__(self, bus: Bus, host: PluginHost, journals: TurnJournals) -> None:
        requests = Requests(bus)
        self.host = host
        self.service = HostService(requests, host, Releases(), journals, close_s=0.2)

    async def start(self) -> "Runtime":
        await self.service.start()
        return self

    async def take_no_more(self) -> None:
        """Go on with what runs, and hear of nothing new."""
        assert self.service._serving is not None
        await self.service._serving.drain(0)

    async def kill(self) -> None:
        """As a lost process: no answer, no sign of life."""
        assert self.service._serving is not None
        await self.service._serving.close()


class RemoteRig(Rig):
    """`build` makes workers without sandboxes; `runtime` starts a runtime with its own journals."""

    def __init__(self, db: Database, bus: Bus, settings: TurnSettings = QUICK) -> None:
        super().__init__(db, bus, settings)
        self.shop: FakeShop = FakeShop()
        self.runtimes: list[Runtime] = []
        self.asks = Askers(bus)

    def build(self) -> TurnWorker:
        journals = TurnJournals(self.db, vault_of(self.db))
        services = Services(
            self.db, self.bus, self.relay, self.clock, self.ids,
            RemoteHost(self.asks, journals),
            Installations(self.db, self.clock, self.ids), Releases(), journals,
            PageRecall(), WordRouter(),
        )  # fmt: skip
        return TurnWorker(services, self.settings)

    async def runtime(self) -> Runtime:
        """One more runtime, with the rig's shop and scripts."""
        journals = TurnJournals(self.db, vault_of(self.db))
        host = ScriptedHost(journals, self.shop)
        host.scripts, host.pause = self.scripts, self.pause
        made = await Runtime(self.bus, host, journals).start()
        self.runtimes.append(made)
        return made

    async def stop(self) -> None:
        await super().stop()
        for runtime in self.runtimes:
            await runtime.kill()
