"""What the connector asks the shop, and what it makes of the answers."""

import json
from typing import Any

import msgspec
import pytest
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS, Customer, Order, Product
from hyperpersonal_sdk.manifest import Manifest

from .conftest import BASE, TOKEN, FakeShop

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOME = {"address1": "1 A", "address2": "", "city": "B", "state": "OR", "country": "USA", "zip": "9"}
MUG = {"item_id": "m1", "options": {"color": "navy"}, "price": 1490}
ORDER = {
    "id": "#W1", "customer_id": "ann", "status": "delivered", "address": HOME,
    "items": [{**MUG, "product_id": "p1", "name": "Mug"}] * 2,
    "parcels": [{"tracking_ids": ["FH1"], "item_ids": ["m1", "m1"]}],
    "payments": [{"kind": "payment", "amount": 2980, "payment_method_id": "c1"}],
    "placed_at": "2026-11-02",
}  # fmt: skip
CUSTOMER = {
    "id": "ann", "first_name": "Ann", "last_name": "Lee", "email": "ann@example.com",
    "address": HOME, "order_ids": ["#W1"],
    "payment_methods": {
        "c1": {"id": "c1", "source": "credit_card", "brand": "visa", "last_four": "9212"},
        "g1": {"id": "g1", "source": "gift_card", "balance": 500},
        "p1": {"id": "p1", "source": "paypal"},
    },
}  # fmt: skip
PRODUCT = {
    "id": "p1", "name": "Mug", "description": "Steel.",
    "variants": {"m1": {**MUG, "available": True}},
}  # fmt: skip


async def test_that_the_manifest_lists_every_commerce_tool(manifest: Manifest) -> None:
    assert manifest.connector is not None
    assert set(manifest.connector.tools) == set(COMMERCE_TOOLS)


async def test_that_every_listed_tool_is_served(shop: FakeShop, manifest: Manifest) -> None:
    assert manifest.connector is not None
    for tool in manifest.connector.tools:
        failure = (await shop.tool(tool, nonsense="x")).get("failure", {})
        assert "no tool" not in failure.get("message", ""), tool


async def test_that_an_order_comes_in_the_canonical_shape(shop: FakeShop) -> None:
    shop.answers = [(200, ORDER)]
    value = (await shop.tool("commerce.orders.get", order_id="#W1"))["value"]
    order = msgspec.convert(value, Order, strict=True)
    assert (order.total.minor, order.total.currency) == (2980, "USD")
    assert order.fulfilments[0].tracking_ids == ["FH1"]
    assert (order.placed_at, order.delivered_at) == ("2026-11-02", "")
    ((method, url, headers, body),) = shop.asked
    assert (method, url, body) == ("GET", f"{BASE}/v1/orders/W1", "")
    assert (headers["x-store"], headers["authorization"]) == ("demo", TOKEN)


async def test_that_a_customer_has_labels_that_are_safe_to_show(shop: FakeShop) -> None:
    shop.answers = [(200, CUSTOMER)]
    value = (await shop.tool("commerce.customers.find", email="ann+x@example.com"))["value"]
    customer = msgspec.convert(value, Customer)
    labels = [method.label for method in customer.payment_methods]
    assert labels == ["visa ending in 9212", "gift card", "PayPal"]
    balances = [method.balance and method.balance.minor for method in customer.payment_methods]
    assert balances == [None, 500, None]
    assert shop.asked[0][1] == f"{BASE}/v1/customers?email=ann%2Bx%40example.com"


async def test_that_products_are_found_and_read(shop: FakeShop) -> None:
    shop.answers = [(200, [PRODUCT]), (200, PRODUCT)]
    found = (await shop.tool("commerce.products.search", query="a mug & more"))["value"]
    assert msgspec.convert(found, list[Product])[0].variants[0].price.minor == 1490
    assert shop.asked[0][1] == f"{BASE}/v1/products?query=a+mug+%26+more"
    assert (await shop.tool("commerce.products.get", product_id="p1"))["value"] == found[0]


WRITES = [
    ("commerce.orders.cancel", {"reason": "no longer needed"}, "POST", "/v1/orders/W1/cancel"),
    ("commerce.orders.set_payment", {"payment_method_id": "c1"}, "PUT", "/v1/orders/W1/payment"),
    ("commerce.orders.set_items",
     {"item_ids": ["m1"], "new_item_ids": ["m2"], "payment_method_id": "c1"},
     "PUT", "/v1/orders/W1/items"),
    ("commerce.returns.create", {"item_ids": ["m1"], "payment_method_id": "c1"},
     "POST", "/v1/orders/W1/returns"),
    ("commerce.exchanges.create",
     {"item_ids": ["m1"], "new_item_ids": ["m2"], "payment_method_id": "c1"},
     "POST", "/v1/orders/W1/exchanges"),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "arguments", "method", "path"), WRITES)
async def test_that_a_write_carries_its_key_and_the_money_ceiling(
    shop: FakeShop, tool: str, arguments: dict[str, Any], method: str, path: str
) -> None:
    shop.answers = [(200, {**ORDER, "moved": 2980})]
    answer = await shop.tool(tool, money_max={"USD": 5000}, order_id="#W1", **arguments)
    assert msgspec.convert(answer["value"], Order).id == "#W1"
    ((asked_method, url, headers, body),) = shop.asked
    assert (asked_method, url) == (method, BASE + path)
    assert json.loads(body) == arguments
    assert (headers["idempotency-key"], headers["max-amount"]) == ("turn:3", "5000")
    assert answer["moved"] == {"minor": 2980, "currency": "USD"}


async def test_that_a_grant_in_another_currency_moves_nothing(shop: FakeShop) -> None:
    shop.answers = [(403, {"code": "money_limit", "message": "above the limit of $0.00"})]
    answer = await shop.tool("commerce.orders.cancel", money_max={"EUR": 5000}, **CANCEL)
    assert answer["failure"]["kind"] == "denied"
    assert shop.asked[0][2]["max-amount"] == "0"


async def test_that_addresses_are_set_without_a_money_ceiling(shop: FakeShop) -> None:
    shop.answers = [(200, ORDER), (200, CUSTOMER)]
    short = {key: value for key, value in HOME.items() if key != "address2"}
    await shop.tool("commerce.orders.set_address", order_id="#W1", address=short)
    await shop.tool("commerce.customers.set_address", customer_id="ann", address=HOME)
    assert [json.loads(asked[3]) for asked in shop.asked] == [HOME, HOME]
    assert all("max-amount" not in asked[2] for asked in shop.asked)


CANCEL = {"order_id": "W1", "reason": "no longer needed"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, "not-found"), (409, "invalid"), (422, "invalid"), (400, "invalid"), (403, "denied")],
)
async def test_that_the_shops_reason_reaches_the_agent(
    shop: FakeShop, status: int, kind: str
) -> None:
    why = "Only a pending order can be cancelled."
    shop.answers = [(status, {"code": "x", "message": why})]
    answer = await shop.tool("commerce.orders.cancel", **CANCEL)
    assert answer == {"failure": {"kind": kind, "message": why}}


@pytest.mark.parametrize(
    "answers",
    [
        [(429, {})],
        [(401, {"message": "The token is missing or not valid."})],
        [(500, {}), (503, "<html>")],
        [(200, "not JSON"), (200, "not JSON")],
    ],
)
async def test_that_a_shop_that_is_not_well_is_unavailable(
    shop: FakeShop, answers: list[Any]
) -> None:
    shop.answers = list(answers)
    failure = (await shop.tool("commerce.orders.get", order_id="W1"))["failure"]
    assert failure["kind"] == "unavailable"
    assert "try again" in failure["message"]
    assert "token" not in failure["message"]
    assert not shop.answers


async def test_that_a_silent_shop_is_unavailable(shop: FakeShop) -> None:
    shop.go_silent()
    failure = (await shop.tool("commerce.orders.get", order_id="W1"))["failure"]
    assert (failure["kind"], "try again" in failure["message"]) == ("unavailable", True)


async def test_that_a_lost_answer_of_a_write_is_asked_for_again_under_the_same_key(
    shop: FakeShop,
) -> None:
    shop.answers = [(500, {}), (200, ORDER)]
    assert "value" in await shop.tool("commerce.orders.cancel", **CANCEL)
    assert shop.asked[0] == shop.asked[1]


async def test_that_a_write_without_any_answer_says_that_it_is_not_known(shop: FakeShop) -> None:
    shop.go_silent()
    failure = (await shop.tool("commerce.orders.cancel", **CANCEL))["failure"]
    assert (failure["kind"], "not known" in failure["message"]) == ("unavailable", True)


@pytest.mark.parametrize("order_id", ["W1/../W2", "", "W1?x=1", "W" * 65, "Ẃ1", "#", "..", "W1%2f"])
async def test_that_what_cannot_be_an_id_is_not_found_without_asking(
    shop: FakeShop, order_id: str
) -> None:
    failure = (await shop.tool("commerce.orders.get", order_id=order_id))["failure"]
    assert (failure["kind"], shop.asked) == ("not-found", [])


async def test_that_a_place_that_was_not_granted_is_refused_by_the_host(shop: FakeShop) -> None:
    shop.config["base_url"] = "http://127.0.0.2:8090"
    result = await shop.call("commerce.orders.get", order_id="W1")
    assert (result.outcome, shop.asked) == ("refused", [])
    assert "not granted" in result.detail


async def test_that_missing_arguments_are_told(shop: FakeShop) -> None:
    failure = (await shop.tool("commerce.orders.cancel", order_id="W1"))["failure"]
    assert failure["kind"] == "invalid"
    assert "reason" in failure["message"]
