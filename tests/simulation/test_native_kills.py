"""A native process killed at any moment, under load: no call lost, nothing done twice.

HP_NATIVE_KILLS: how many kills, 5 if not set.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from typing import Any

import msgspec
import pytest
from fakes.native import native
from hyperpersonal_runtime.calls import PROCESS_LIMITS, HookCall
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.testing import FakePorts, World, default_cache
from hyperpersonal_sdk.contract.outcomes import Outcome

KILLS = int(os.environ.get("HP_NATIVE_KILLS", "5"))
CALLS = 12
LIMITS = msgspec.structs.replace(PROCESS_LIMITS, deadline_ms=120_000)  # it starts anew each time
GRANTS = (
    "tool:commerce.orders.read",
    "tool:commerce.orders.write",
    "money:refund<=50.00 USD/turn",
)
BODY = """
import random
seen = []
for step in range(4):
    order = f"{turn.text}-{step}-{random.randrange(1000)}"
    await host.tool("commerce.orders.get", order_id=order)
    await host.tool("commerce.orders.cancel", order_id=order, reason="x")
    seen.append(order)
return " ".join(seen)
"""


def call(name: str) -> HookCall:
    made = native(BODY, *GRANTS, limits=LIMITS)
    scope = msgspec.structs.replace(made.scope, turn_id=name)
    payload = msgspec.json.encode({"text": name})
    return msgspec.structs.replace(made, scope=scope, payload=payload)


@pytest.mark.timeout(300)
async def test_that_kills_lose_no_call_and_double_no_write() -> None:
    rng = random.Random(20261122)

    async def answer(_arguments: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(rng.random() * 0.05)
        return {"status": "cancelled"}

    world = World(tools={"commerce.orders.get": answer, "commerce.orders.cancel": answer})
    host = Host(default_cache(), workers=1)
    await host.start(FakePorts(world).ports())
    await host.call(call("first"))
    runs = 0
    for kill in range(KILLS):
        world.tool_calls.clear()
        calls = [asyncio.create_task(host.call(call(f"{kill}.{n}"))) for n in range(CALLS)]
        while not world.tool_calls:  # until the process is there and at work
            await asyncio.sleep(0.005)
        await asyncio.sleep(rng.random() * 0.3)
        for pid in host.native_pids:
            os.kill(pid, signal.SIGKILL)
        results = await asyncio.gather(*calls)
        assert {result.outcome for result in results} == {Outcome.OK}, results
        runs += sum(result.runs for result in results)
        said = [msgspec.json.decode(result.value)["text"].split() for result in results]
        wanted = Counter(order for orders in said for order in orders)
        for tool in ("commerce.orders.get", "commerce.orders.cancel"):
            done = Counter(args["order_id"] for name, args, _ in world.tool_calls if name == tool)
            assert done == wanted, f"{tool} after kill {kill}"
    await host.close()
    assert runs >= KILLS * CALLS
