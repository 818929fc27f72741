"""Releases that replace each other while conversations are in flight, and workers that die.

Two releases of the order agent make different host calls under the same numbers, and so do two of
the connector: a turn that began on one and went on with the other would be nondeterministic, or
act twice. Turn workers are dropped as a lost process is: no goodbye, leases stay. `HP_UPGRADES`
sets how often a release is replaced (default 6).
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from fakes.sandboxed import AGENT_GRANTS, ORDER_AGENT, SHOP, TOOLS, SandboxedRig
from fakes.turns import TENANT
from hyperpersonal_core.installations.values import NewInstallation
from hyperpersonal_core.kit.bus import Bus
from hyperpersonal_core.kit.db import Database
from msgspec import structs

UPGRADES = int(os.environ.get("HP_UPGRADES", "6"))
CONVERSATIONS = 12 * UPGRADES
SEED = 5
LEASE_S = 10.0  # what was killed waits so long; it does not run out on a busy machine
WAITS = 'host.tool("commerce.orders.get", order_id="#W7")\n    '
NEXT_ORDER = ORDER_AGENT.replace("done = host", WAITS + "done = host").replace(
    '"Order {done.id} is', '"Now order {done.id} is'
)
NEXT_SHOP = SHOP.replace("    host.moved", '    host.call("kv.get", key=key)\n    host.moved')
_OUTCOMES = """select conversation_id, id::text, outcome, attempts, usage, bundle_version
  from turns where tenant_id = $1"""
_KEYS = "select split_part(key, ':', 1), count(*) from kv where tenant_id = $1 group by 1"


@pytest.fixture
async def rig(db: Database, bus: Bus) -> AsyncIterator[SandboxedRig]:
    assert NEXT_ORDER != ORDER_AGENT
    assert NEXT_SHOP != SHOP
    made = SandboxedRig(db, bus)
    made.settings = structs.replace(
        made.settings, lease_s=LEASE_S, deadline_s=120.0, attempts_max=1_000
    )
    made.shelf.sources |= {"order2": NEXT_ORDER, "shop2": NEXT_SHOP}
    await made.prepare()
    await made.begin()
    yield made
    await made.stop()
    await made.real.close()


async def _replace(rig: SandboxedRig, name: str, *, newer: bool) -> None:
    """The other release of a plugin, as the marketplace's update and rollback write it."""
    (present,) = [
        one for one in await rig.installations.list(TENANT) if one.plugin_id == f"acme/{name}"
    ]
    agent = name == "order"
    manifest = {"title": name, "agent": {"labels": [name], "intents": []}} if agent else {}
    if not agent:
        manifest = {"connector": {"tools": TOOLS}}
    new = NewInstallation(
        present.plugin_id, "2.0.0" if newer else "1.0.0", f"sha256:{name}{'2' * newer}",
        present.kind, manifest, AGENT_GRANTS if agent else ("kv:1MiB",),
    )  # fmt: skip
    await rig.installations.update(present, new)


async def _write_all(rig: SandboxedRig, places: list[UUID], chance: random.Random) -> None:
    for place in places:
        await rig.write(place, "cancel my order", external_id="m1")
        await asyncio.sleep(chance.random() * 0.08)


@pytest.mark.timeout(300 + 60 * UPGRADES)
async def test_that_replacing_releases_loses_doubles_and_confuses_nothing(
    rig: SandboxedRig,
) -> None:
    """Each release is asked something before the next replaces it, however slow the machine is."""
    chance = random.Random(SEED)
    places = [await rig.conversation() for _ in range(CONVERSATIONS)]
    rig.start()
    for number in range(UPGRADES):
        before, after = places[2 * number :: 2 * UPGRADES], places[2 * number + 1 :: 2 * UPGRADES]
        await _write_all(rig, before, chance)
        await asyncio.sleep(chance.random() * 0.1)
        await _replace(rig, ("order", "shop")[number % 2], newer=number % 4 < 2)
        if number % 2:
            await rig.kill()
            rig.start()
        await _write_all(rig, after, chance)
        await rig.wait_for(after[-1], 1, ("message", "handoff"))
    for place in places:
        await rig.wait_for(place, 1, ("message", "handoff"))
    await _check(rig, places)


async def _check(rig: SandboxedRig, places: list[UUID]) -> None:
    async with rig.db.transaction(TENANT) as connection:
        turns = await connection.fetch(_OUTCOMES, TENANT)
        acts = dict(await connection.fetch(_KEYS, TENANT))
    assert Counter(row["conversation_id"] for row in turns) == Counter(places)
    ends = Counter(row["outcome"] for row in turns)
    assert set(ends) <= {"answered", "handed_over"}, ends
    assert "nondeterministic" not in str([row["usage"] for row in turns])
    # A short lease runs out on a busy machine, and a person gets what was fenced too often.
    assert ends["handed_over"] <= len(places) // 20, [
        row["usage"] for row in turns if row["outcome"] == "handed_over"
    ]
    for row in turns:
        told = await rig.events(row["conversation_id"])
        assert len({event.offset for event in told}) == len(told)
        assert acts.get(row["id"], 0) <= 2, "no act under a second number"
        if row["outcome"] == "answered":
            assert acts[row["id"]] == 2, "an order cancelled and a return made, each once"
            assert [event.offset for event in told] == [1, 2, 3, 4]
    resumed = sum(row["attempts"] > 1 for row in turns)
    releases = Counter(used["plugin"] for row in turns for used in row["usage"][:1])
    assert len(releases) == 2, "both releases have served"
    print(f"\n{UPGRADES} replaced, {len(places)} turns, {resumed} resumed, {dict(releases)}")


async def test_that_a_resumed_turn_keeps_its_release_and_a_new_one_takes_the_next(
    rig: SandboxedRig,
) -> None:
    """The connector holds its write until the worker is gone and both releases are replaced."""
    begun, go = asyncio.Event(), asyncio.Event()
    put = rig.journals.save

    async def held(scope: object, entries: list[object]) -> None:
        await put(scope, entries)  # type: ignore[arg-type]
        begun.set()
        await go.wait()

    rig.journals.save = held  # type: ignore[method-assign,assignment]
    place = await rig.conversation()
    await rig.write(place, "cancel my order", external_id="m1")
    rig.start()
    await asyncio.wait_for(begun.wait(), 60)
    for name in ("order", "shop"):
        await _replace(rig, name, newer=True)
    await rig.kill()
    rig.clock.ahead += timedelta(seconds=LEASE_S)
    rig.journals.save = put  # type: ignore[method-assign]
    go.set()
    rig.start()
    (reply,) = await rig.wait_for(place, 1)
    assert reply.body["text"].startswith("Order"), "the release it began with"
    assert reply.body["agents"][0] == "acme/order@1.0.0"
    (fresh,) = await rig.ask("cancel my order")
    assert fresh.body["text"].startswith("Now order")
    assert fresh.body["agents"][0] == "acme/order@2.0.0"
