"""The way of a message: timeline, bus, lease, memory, routing, sandboxes, one commit.

Two signed-off agents and a connector run in the real sandbox; the first leaves a part of the
message to the second, both act in the shop, and the shopper gets one reply.
"""

import json
from collections.abc import AsyncIterator

import pytest
from fakes.sandboxed import SandboxedRig
from fakes.turns import TENANT
from hyperpersonal_core.api import RecordedTurns
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from hyperpersonal_sdk.contract.outcomes import Outcome


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[SandboxedRig]:
    made = SandboxedRig(db, bus)
    await made.prepare()
    await made.begin()
    made.start()
    yield made
    await made.stop()
    await made.real.close()


async def test_that_one_message_becomes_one_reply_and_two_actions(rig: SandboxedRig) -> None:
    place = await rig.conversation()
    await rig.write(place, "cancel my order #W1234567 and return the other", external_id="m1")
    await rig.write(place, "cancel my order #W1234567 and return the other", external_id="m1")
    first, second, reply = await rig.wait_for(place, 3, ("action", "message", "handoff"))
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
        keys = [row[0] for row in await connection.fetch("select key from kv")]
        turn = await connection.fetchrow("select * from turns")
    kept = await RecordedTurns(rig.db, rig.journals).read(TENANT, turn["id"])
    journal = sorted(kept.recording.entries, key=lambda entry: entry.path)
    assert [(one.path, one.name, one.write) for one in journal] == [
        ("1", "tool.call", False),
        ("2", "tool.call", True),
        ("2.1", "kv.put", True),
        ("agent2.1", "tool.call", True),
        ("agent2.1.1", "kv.put", True),
    ]
    assert {one.body["key"] for one in (first, second)} == set(keys)
    assert (turn["status"], turn["outcome"], turn["attempts"]) == ("finished", "answered", 1)
    asked = {one.path: json.loads(one.payload).get("text") for one in kept.recording.calls}
    assert asked == {
        "": "cancel my order #W1234567 and return the other",
        "2": None,
        "1": None,
        "agent2": "return the other order",
        "agent2.1": None,
    }
    assert [one.outcome for one in kept.recording.calls] == [Outcome.OK] * 5
    assert [used["host_calls"] for used in turn["usage"]] == [2, 1]


async def test_that_a_tool_nobody_serves_is_told_and_handed_over(rig: SandboxedRig) -> None:
    servers = await rig.installations.list(TENANT)
    shop = next(one for one in servers if one.kind == "connector")
    await rig.installations.switch(TENANT, shop.id, enabled=False)
    (notice,) = await rig.ask("my order")
    assert notice.kind == "handoff"
    (waiting,) = await rig.handoffs.list_escalated(TENANT)
    read = await rig.handoffs.read(TENANT, waiting.conversation_id)
    assert "no installed connector serves commerce.orders.get" in read.packet["tried"][0]
