"""What the sandbox costs, measured here and now: the runtime's part of `hp bench guest`."""

import asyncio
import statistics
import time
from pathlib import Path

import msgspec

from hyperpersonal_runtime.calls import CallResult, HookCall, Limits
from hyperpersonal_runtime.host import Host
from hyperpersonal_runtime.testing import FakePorts, World, hook_call

SAMPLES = 300
HELD = 8
HELD_SECONDS_MAX = 60
TRIVIAL = """
from hyperpersonal_sdk import Agent
plugin = Agent()

@plugin.reply
def reply(turn, host):
    return turn.text
"""

# As a real order agent goes about it: find the contact, the order and the policy, then phrase.
REALISTIC = """
import re
from hyperpersonal_sdk import Agent, Evidence, Reply
plugin = Agent()
ORDER = re.compile(r"#?W\\d{7}")

def money(amount):
    return f"{amount.minor // 100}.{amount.minor % 100:02d} {amount.currency}"

def lines(order):
    for item in order.items:
        options = ", ".join(f"{k} {v}" for k, v in item.options.to_json().items())
        yield f"{item.name} ({options}) for {money(item.price)}"

@plugin.reply
def reply(turn, host):
    found = ORDER.search(turn.text)
    if found is None:
        return Reply("Which order is it?", status="asking")
    customer = host.tool("commerce.customers.find", email="mia.li@example.com")
    order = host.tool("commerce.orders.get", order_id=found[0])
    if order.id not in customer.to_json()["order_ids"]:
        return Reply("That order is not yours.", status="declined")
    passage = host.search("how long does delivery take", limit=1)[0]
    tracking = ", ".join(order.fulfilments[0].tracking_ids)
    text = f"Order {order.id} is {order.status}: {'; '.join(lines(order))}. Tracking: {tracking}."
    evidence = [
        Evidence("tool", f"commerce.orders.get#{order.id}", order.status),
        Evidence("passage", passage.id, passage.title),
    ]
    return Reply(f"{text} {passage.text}", confidence=0.92, evidence=evidence,
                 state={"order": order.id}, shared={"customer": customer.id})
"""
CONNECTOR = """
from hyperpersonal_sdk import Connector
plugin = Connector()

@plugin.tool("commerce.orders.get")
def get(host, order_id):
    return {"id": order_id}
"""
GRANTS = ("tool:commerce.orders.read", "tool:commerce.customers.read", "knowledge:read")


async def bench_guest(cache: Path, samples: int = SAMPLES) -> dict[str, float]:
    """Times in ms (p50), memory in MiB. `*_cpu_ms`: CPU of this process and the worker a call.

    Args:
        cache: folder of compiled guests.
        samples: calls measured of each kind.
    """
    host = Host(cache, workers=1)
    world = _world()
    await host.start(FakePorts(world).ports())
    try:
        trivial = hook_call({"p/__init__.py": TRIVIAL.encode()}, "p")
        realistic = hook_call({"p/__init__.py": REALISTIC.encode()}, "p", GRANTS)
        await _run(host, realistic, 20)
        await _run(host, trivial, 20)
        few = await _measure(host, trivial, samples)
        many = await _measure(host, realistic, samples)
        kept = await _measure(host, _connector(), samples)
        return {
            "guest_instantiate_ms_p50": many["instantiate"],
            "guest_load_ms_p50": few["guest"],
            "guest_call_ms_p50": many["elapsed"],
            "guest_mib": await _instance_mib(host, world, realistic),
            "guest_trivial_cpu_ms": few["cpu"],
            "guest_order_turn_cpu_ms": many["cpu"],
            "guest_connector_cpu_ms": kept["cpu"],
        }
    finally:
        await host.close()


async def _measure(host: Host, call: HookCall, samples: int) -> dict[str, float]:
    before = _cpu_seconds(host)
    results = await _run(host, call, samples)
    cpu = _cpu_seconds(host) - before
    return {
        "elapsed": statistics.median(result.elapsed_ms for result in results),
        "instantiate": statistics.median(result.instantiate_ms for result in results),
        "guest": statistics.median(result.guest_cpu_ms for result in results),
        "cpu": cpu * 1000 / samples,
    }


async def _run(host: Host, call: HookCall, times: int) -> list[CallResult]:
    results = []
    for _ in range(times):
        result = await host.call(_with_text(call))
        assert result.outcome == "ok", result
        results.append(result)
    return results


def _connector() -> HookCall:
    """A connector's call on behalf of an agent: its instance is kept between calls."""
    call = hook_call({"c/__init__.py": CONNECTOR.encode()}, "c")
    scope = msgspec.structs.replace(call.scope, path="1")
    payload = b'{"tool": "commerce.orders.get", "arguments": {"order_id": "#W1"}}'
    return msgspec.structs.replace(call, hook="call_tool", scope=scope, payload=payload)


def _with_text(call: HookCall) -> HookCall:
    if call.hook != "reply":
        return call
    payload = b'{"text": "Where is my order #W1234567? It should be here by now.", "history": []}'
    return HookCall(call.release, "reply", payload, call.scope, call.grants)


def _cpu_seconds(host: Host) -> float:
    """CPU time of this process and of the workers. Source: clock_getcpuclockid(3), Linux."""
    workers = (time.clock_gettime((~pid << 3) | 2) for pid in host.worker_pids)
    return time.process_time() + sum(workers)


async def _instance_mib(host: Host, world: World, call: HookCall) -> float:
    """Private memory that one live instance adds to its worker: some of them, held in a call."""
    gate, all_held = asyncio.Event(), asyncio.Semaphore(0)

    async def held() -> object:
        all_held.release()
        await gate.wait()
        return _ORDER

    world.tools = {**_TOOLS, "commerce.orders.get": lambda _: held()}
    limits = Limits(inline_wait_ms=HELD_SECONDS_MAX * 1_000, deadline_ms=HELD_SECONDS_MAX * 1_000)
    before = _private_mib(host)
    held_call = msgspec.structs.replace(_with_text(call), limits=limits)
    tasks = [asyncio.create_task(host.call(held_call)) for _ in range(HELD)]
    async with asyncio.timeout(HELD_SECONDS_MAX):
        for _ in range(HELD):
            await all_held.acquire()
    mib = (_private_mib(host) - before) / HELD
    gate.set()
    await asyncio.gather(*tasks)
    return mib


def _private_mib(host: Host) -> float:
    """Private pages of the workers. Source: proc_pid_smaps(5)."""
    kib = 0
    for pid in host.worker_pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Private_Dirty:", "Private_Clean:")):
                kib += int(line.split()[1])
    return kib / 1024


def _world() -> World:
    return World(tools=_TOOLS, passages=[_PASSAGE])


_PASSAGE = {"id": "psg_1", "article_id": "art_1", "title": "Delivery", "text": "3 to 5 days."}
_ADDRESS = {"address1": "1 Way", "city": "Ulm", "state": "BW", "country": "DE", "zip": "89073"}
_CUSTOMER = {
    "id": "mia_li_1",
    "first_name": "Mia",
    "last_name": "Li",
    "email": "mia.li@example.com",
    "address": _ADDRESS,
    "payment_methods": [{"id": "pay_1", "kind": "paypal", "label": "PayPal"}],
    "order_ids": ["#W1234567", "#W7654321"],
}
_ORDER = {
    "id": "#W1234567",
    "customer_id": "mia_li_1",
    "status": "delivered",
    "items": [
        {
            "item_id": f"{n}",
            "product_id": f"p{n}",
            "name": "Desk Lamp",
            "price": {"minor": 4999 + n, "currency": "USD"},
            "options": {"color": "red", "size": "M", "power": "AC"},
        }
        for n in range(3)
    ],
    "address": _ADDRESS,
    "fulfilments": [{"tracking_ids": ["123456789012"], "item_ids": ["0", "1", "2"]}],
    "payments": [{"kind": "payment", "amount": {"minor": 15000}, "payment_method_id": "pay_1"}],
    "total": {"minor": 15000, "currency": "USD"},
}
_TOOLS = {"commerce.orders.get": _ORDER, "commerce.customers.find": _CUSTOMER}
