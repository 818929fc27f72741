"""The turn engine's rig with real sandboxes: two agents and a shop's connector, as plugins."""

from uuid import UUID

from fakes.keys import vault_of
from fakes.turns import QUICK, TENANT, PageRecall, Rig, WordRouter
from hyperpersonal_core.api import (
    Installations,
    Kv,
    NewInstallation,
    NoModel,
    Secrets,
    Services,
    Tools,
    TurnJournals,
    TurnWorker,
)
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_core.kit.errors import RefusedError
from hyperpersonal_core.kit.tracing import Traces
from hyperpersonal_runtime.api import Host, Ports, SealedRelease
from hyperpersonal_runtime.testing import FakePorts, World, default_cache

ORDER_AGENT = """
from hyperpersonal_sdk.authoring import Agent, Evidence, Reply

plugin = Agent()


@plugin.reply
def reply(turn, host):
    order = host.tool("commerce.orders.get", order_id="#W1234567")
    done = host.tool("commerce.orders.cancel", order_id=order.id, reason="no longer needed")
    evidence = [Evidence("tool", "commerce.orders.cancel", done.status)]
    text = f"Order {done.id} is {done.status}."
    return Reply(text, confidence=0.9, evidence=evidence, leftover="return the other order")
"""

RETURN_AGENT = """
from hyperpersonal_sdk.authoring import Agent, Reply

plugin = Agent()


@plugin.reply
def reply(turn, host):
    done = host.tool("commerce.returns.create", order_id="#W7654321", item_ids=["1"],
                     payment_method_id="p")
    return Reply(f"Order {done.id} is now {done.status}.", confidence=0.8)
"""

SHOP = """
import json
from hyperpersonal_sdk.authoring import Connector

plugin = Connector()


def write(host, order_id, status, key):
    host.call("kv.put", key=key, value=json.dumps(order_id))
    host.moved(2_000, "USD")
    return {"id": order_id, "status": status}


@plugin.tool("commerce.orders.get")
def get(host, order_id):
    return {"id": order_id, "status": "pending"}


@plugin.tool("commerce.orders.cancel", write=True)
def cancel(host, order_id, reason, idempotency_key):
    return write(host, order_id, "cancelled", idempotency_key)


@plugin.tool("commerce.returns.create", write=True)
def give_back(host, order_id, item_ids, payment_method_id, idempotency_key):
    return write(host, order_id, "return requested", idempotency_key)
"""

AGENT_GRANTS = (
    "tool:commerce.orders.read",
    "tool:commerce.orders.write",
    "tool:commerce.returns.write",
    "money:refund<=100.00 USD/turn",
)
TOOLS = ["commerce.orders.get", "commerce.orders.cancel", "commerce.returns.create"]
SOURCES = {"order": ORDER_AGENT, "return": RETURN_AGENT, "shop": SHOP}


class Shelf:
    """A release store of three releases, and of those put beside them."""

    def __init__(self) -> None:
        self.sources = dict(SOURCES)

    async def load(self, digest: str, *, unreviewed: bool = False) -> SealedRelease:
        name = digest.removeprefix("sha256:")
        if name not in self.sources:
            raise RefusedError("there is no such release")
        files = {f"{name}_plugin/__init__.py": self.sources[name].encode()}
        return SealedRelease(f"acme/{name}", "1.0.0", digest, f"{name}_plugin", files)


class SandboxedRig(Rig):
    """The rig with the real plugin host."""

    def __init__(
        self, db: Database, bus: Bus, traces: Traces | None = None, workers: int = 1
    ) -> None:
        super().__init__(db, bus, QUICK)
        self.shelf = Shelf()
        self.vault = vault_of(db)
        self.journals = TurnJournals(db, self.vault)
        self.traces = traces or Traces()
        self.real = Host(default_cache(), workers=workers, tracer=self.traces.tracer)

    async def begin(self) -> None:
        """Start the sandboxes and install the plugins."""
        installations = Installations(self.db, self.clock, self.ids)
        ports = Ports(
            memory=FakePorts(World()).ports().memory,
            tools=Tools(self.real, installations, self.shelf, self.journals),
            kv=Kv(self.db, self.clock),
            model=NoModel(),
            secrets=Secrets(self.db, self.vault, self.clock),
            journal=self.journals,
        )
        await self.real.start(ports)
        for name in ("order", "return"):
            manifest = {"title": name, "agent": {"labels": [name], "intents": []}}
            await self.put(name, "agent", manifest, AGENT_GRANTS)
        await self.put("shop", "connector", {"connector": {"tools": TOOLS}}, ("kv:1MiB",))

    async def put(self, name: str, kind: str, manifest: object, grants: tuple[str, ...]) -> UUID:
        new = NewInstallation(f"acme/{name}", "1.0.0", f"sha256:{name}", kind, manifest, grants)
        return await self.installations.install(TENANT, new)

    def build(self) -> TurnWorker:
        services = Services(
            self.db, self.bus, self.relay, self.clock, self.ids, self.real,
            Installations(self.db, self.clock, self.ids), self.shelf, self.journals,
            PageRecall(), WordRouter(), self.traces,
        )  # fmt: skip
        return TurnWorker(services, self.settings)
