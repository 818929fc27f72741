"""The connector plugin against the real shop: what the one asks is what the other offers."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hyperpersonal_sdk.authoring import Host
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS, Customer, Order, Product

from .conftest import ADMIN

PLUGIN = Path(__file__).parents[3] / "plugins" / "demo_store"


class Connected:
    """Runs the connector's tools in a thread; its requests go to the shop with the token added."""

    def __init__(self, shop: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(str(PLUGIN))
        import hyperpersonal_plugin_demo_store

        self._plugin = hyperpersonal_plugin_demo_store.plugin
        self._shop = shop
        self._loop = asyncio.get_running_loop()

    def _fetch(self, _name: str, payload: str) -> str:
        return asyncio.run_coroutine_threadsafe(self._send(json.loads(payload)), self._loop).result(
            10
        )

    async def _send(self, ask: dict[str, Any]) -> str:
        answer = await self._shop.request(
            ask["method"], ask["url"], headers=ask["headers"], content=ask["body"]
        )
        return json.dumps({"status": answer.status_code, "headers": {}, "body": answer.text})

    async def tool(self, tool: str, key: str = "turn:1", **arguments: Any) -> dict[str, Any]:
        call = {
            "tool": tool, "arguments": arguments, "idempotency_key": key,
            "config": {"base_url": "http://shop"}, "money_max": {"USD": 50000},
        }  # fmt: skip
        host = Host(self._fetch, lambda level, text: None)
        answer: dict[str, Any] = await asyncio.to_thread(
            self._plugin.dispatch, "call_tool", call, host
        )
        return answer


@pytest.fixture
async def connected(shop: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> Connected:
    return Connected(shop, monkeypatch)


async def test_that_reads_come_back_in_canonical_shapes(connected: Connected) -> None:
    found = await connected.tool("commerce.customers.find", email="priya.nair@example.com")
    customer = msgspec.convert(found["value"], Customer)
    again = await connected.tool("commerce.customers.get", customer_id=customer.id)
    assert again == found
    read = await connected.tool("commerce.orders.get", order_id=customer.order_ids[0])
    order = msgspec.convert(read["value"], Order)
    assert order.total == order.payments[0].amount
    product_id = order.items[0].product_id
    read = await connected.tool("commerce.products.get", product_id=product_id)
    assert msgspec.convert(read["value"], Product).name == order.items[0].name
    read = await connected.tool("commerce.products.search", query="head torch")
    assert msgspec.convert(read["value"], list[Product])[0].name == "Pebble Head Torch"


async def test_that_every_writing_tool_acts(connected: Connected) -> None:
    async def swap(order_id: str) -> dict[str, Any]:
        order = (await connected.tool("commerce.orders.get", order_id=order_id))["value"]
        item = order["items"][0]
        read = await connected.tool("commerce.products.get", product_id=item["product_id"])
        others = [one["item_id"] for one in read["value"]["variants"] if one["available"]]
        others.remove(item["item_id"]) if item["item_id"] in others else None
        method = order["payments"][0]["payment_method_id"]
        ids = {"item_ids": [item["item_id"]], "new_item_ids": others[:1]}
        return {"order_id": order_id, "payment_method_id": method, **ids}

    home = {"address1": "1 A", "city": "B", "state": "OR", "country": "USA", "zip": "9"}
    boots = await swap("#W1000004")
    del boots["new_item_ids"]
    gift = {"order_id": "#W1000003", "payment_method_id": "gift_card_1000003"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("commerce.orders.set_address", {"order_id": "#W1000003", "address": home}),
        ("commerce.orders.set_payment", gift),
        ("commerce.orders.set_items", {**await swap("#W1000003"), **gift}),
        ("commerce.orders.cancel", {"order_id": "#W1000005", "reason": "ordered by mistake"}),
        ("commerce.exchanges.create", await swap("#W1000002")),
        ("commerce.returns.create", boots),
        ("commerce.customers.set_address", {"customer_id": "sam_carter_6", "address": home}),
    ]
    for number, (tool, arguments) in enumerate(calls):
        answer = await connected.tool(tool, f"turn:{number}", **arguments)
        assert "value" in answer, (tool, answer)
    writes = {name for name, spec in COMMERCE_TOOLS.items() if spec.effect == "write"}
    assert {tool for tool, _ in calls} == writes


async def test_that_a_lost_answer_acts_once(connected: Connected, shop: httpx.AsyncClient) -> None:
    fault = {"kind": "lost", "store": "demo", "path": "/cancel"}
    await shop.post("/admin/faults", json=fault, headers=ADMIN)
    told = {"order_id": "W1000003", "reason": "no longer needed"}
    answer = await connected.tool("commerce.orders.cancel", **told)
    assert answer["value"]["status"] == "cancelled"
    acts = (await shop.get("/admin/stores/demo/acts", headers=ADMIN)).json()
    assert len(acts) == 1


async def test_that_refusals_are_told_by_kind(
    connected: Connected, shop: httpx.AsyncClient
) -> None:
    async def failure(tool: str, **arguments: Any) -> tuple[str, str]:
        failed = (await connected.tool(tool, **arguments))["failure"]
        return failed["kind"], failed["message"]

    late = await failure("commerce.orders.cancel", order_id="W1000001", reason="no longer needed")
    assert late == (
        "invalid", "Only a pending order can be cancelled; #W1000001 is processed."
    )  # fmt: skip
    assert (await failure("commerce.orders.get", order_id="W1"))[0] == "not-found"
    assert (await failure("commerce.customers.find", first_name="Ann"))[0] == "invalid"
    dear = await shop.post(
        "/admin/faults", json={"kind": "limited", "store": "demo"}, headers=ADMIN
    )
    assert dear.status_code == 201
    assert (await failure("commerce.orders.get", order_id="W1000001"))[0] == "unavailable"
