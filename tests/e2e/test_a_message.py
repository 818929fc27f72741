"""The way of a message: timeline, bus, lease, memory, routing, sandboxes, one commit.

Two signed-off agents and a connector run in the real sandbox; the first leaves a part of the
message to the second, both act in the shop, and the shopper gets one reply.
"""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
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
from hyperpersonal_runtime.api import Host, Ports, SealedRelease
from hyperpersonal_runtime.testing import FakePorts, World, default_cache
from msgspec import structs

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
    """A release store of three releases."""

    async def load(self, digest: str) -> SealedRelease:
        name = digest.removeprefix("sha256:")
        if name not in SOURCES:
            raise RefusedError("there is no such release")
        files = {f"{name}_plugin/__init__.py": SOURCES[name].encode()}
        return SealedRelease(f"acme/{name}", "1.0.0", digest, f"{name}_plugin", files)


class RealRig(Rig):
    """The rig with the real plugin host."""

    def __init__(self, db: Database, bus: Bus) -> None:
        super().__init__(db, bus, structs.replace(QUICK, lease_s=20.0, deadline_s=20.0))
        self.journals = TurnJournals(db)
        self.real = Host(default_cache(), workers=1)

    async def begin(self) -> None:
        """Start the sandboxes and install the plugins."""
        installations = Installations(self.db, self.clock, self.ids)
        ports = Ports(
            memory=FakePorts(World()).ports().memory,
            tools=Tools(self.real, installations, Shelf(), self.journals),
            kv=Kv(self.db, self.clock),
            model=NoModel(),
            secrets=Secrets(self.db),
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
            Installations(self.db, self.clock, self.ids), Shelf(), self.journals,
            PageRecall(), WordRouter(),
        )  # fmt: skip
        return TurnWorker(services, self.settings)


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[RealRig]:
    made = RealRig(db, bus)
    await made.prepare()
    await made.begin()
    made.start()
    yield made
    await made.stop()
    await made.real.close()


async def test_that_one_message_becomes_one_reply_and_two_actions(rig: RealRig) -> None:
    place = await rig.conversation()
    await rig.write(place, "cancel my order #W1234567 and return the other", external_id="m1")
    await rig.write(place, "cancel my order #W1234567 and return the other", external_id="m1")
    first, second, reply = await rig.wait_for(place, 3, ("action", "message", "handoff"), 20)
    assert [one.body["tool"] for one in (first, second)] == [
        "commerce.orders.cancel",
        "commerce.returns.create",
    ]
    assert all(one.body["done"] for one in (first, second))
    assert reply.body["text"] == (
        "Order #W1234567 is cancelled.\n\nOrder #W7654321 is now return requested."
    )
    assert reply.body["agents"] == ["acme/order@1.0.0", "acme/return@1.0.0"]
    assert reply.body["evidence"][0]["ref"] == "commerce.orders.cancel"
    async with rig.db.transaction(TENANT) as connection:
        journal = await connection.fetch("select path, name, write from journal order by path")
        keys = [row[0] for row in await connection.fetch("select key from kv")]
        turn = await connection.fetchrow("select * from turns")
    assert [tuple(row) for row in journal] == [
        ("1", "tool.call", False),
        ("2", "tool.call", True),
        ("2.1", "kv.put", True),
        ("agent2.1", "tool.call", True),
        ("agent2.1.1", "kv.put", True),
    ]
    assert {one.body["key"] for one in (first, second)} == set(keys)
    assert (turn["status"], turn["outcome"], turn["attempts"]) == ("finished", "answered", 1)
    assert [leg["text"] for leg in turn["request"]] == [
        "cancel my order #W1234567 and return the other\n".strip(),
        "return the other order",
    ]
    assert [used["host_calls"] for used in turn["usage"]] == [2, 1]


async def test_that_a_tool_nobody_serves_is_told_and_handed_over(rig: RealRig) -> None:
    servers = await rig.installations.list(TENANT)
    shop = next(one for one in servers if one.kind == "connector")
    await rig.installations.switch(TENANT, shop.id, enabled=False)
    (notice,) = await rig.ask("my order")
    assert notice.kind == "handoff"
    (waiting,) = await rig.handoffs.list_escalated(TENANT)
    read = await rig.handoffs.read(TENANT, waiting.conversation_id)
    assert "no installed connector serves commerce.orders.get" in read.packet["tried"][0]
