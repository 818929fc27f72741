"""What the connector asks the shop, and what it makes of the answers."""

import json
from typing import Any

import msgspec
import pytest
from hyperpersonal_sdk.authoring import Host, HostCallFailedError, View
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS, Customer, Order, Product
from hyperpersonal_sdk.manifest import parse

from .guest import PLUGIN_TOML, load_plugin

BASE = "http://127.0.0.1:8090"
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


class FakeShop:
    """Answers `http.fetch` from a list and keeps what was asked."""

    def __init__(self, *answers: tuple[int, Any] | HostCallFailedError) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def call(self, name: str, payload: str) -> str:
        assert name == "http.fetch"
        self.asked.append(json.loads(payload))
        answer = self.answers.pop(0)
        if isinstance(answer, HostCallFailedError):
            raise answer
        status, body = answer
        text = body if isinstance(body, str) else json.dumps(body)
        return json.dumps({"status": status, "headers": {}, "body": text})

    def tool(
        self, tool: str, *, money_max_minor: int | None = None, **arguments: Any
    ) -> dict[str, Any]:
        call = {
            "tool": tool,
            "arguments": arguments,
            "idempotency_key": "turn:3" if COMMERCE_TOOLS[tool].effect == "write" else "",
            "config": {"base_url": BASE, "store": "demo"},
            "money_max_minor": money_max_minor,
        }
        host = Host(self.call, lambda level, text: None)
        answer: dict[str, Any] = load_plugin().dispatch("call_tool", View(call).to_json(), host)
        return answer


def test_that_the_manifest_lists_every_commerce_tool_it_serves() -> None:
    manifest = parse(PLUGIN_TOML.read_text())
    assert manifest.connector is not None
    assert set(manifest.connector.tools) == set(COMMERCE_TOOLS) == set(load_plugin().tools)


def test_that_an_order_comes_in_the_canonical_shape() -> None:
    shop = FakeShop((200, ORDER))
    value = shop.tool("commerce.orders.get", order_id="#W1")["value"]
    order = msgspec.convert(value, Order, strict=True)
    assert (order.total.minor, order.total.currency) == (2980, "USD")
    assert order.fulfilments[0].tracking_ids == ["FH1"]
    assert (order.placed_at, order.delivered_at) == ("2026-11-02", "")
    assert shop.asked == [
        {"url": f"{BASE}/v1/orders/W1", "method": "GET", "headers": {"X-Store": "demo"}, "body": ""}
    ]


def test_that_a_customer_has_labels_that_are_safe_to_show() -> None:
    shop = FakeShop((200, CUSTOMER))
    value = shop.tool("commerce.customers.find", email="ann+x@example.com")["value"]
    customer = msgspec.convert(value, Customer)
    labels = [method.label for method in customer.payment_methods]
    assert labels == ["visa ending in 9212", "gift card", "PayPal"]
    balances = [method.balance and method.balance.minor for method in customer.payment_methods]
    assert balances == [None, 500, None]
    assert shop.asked[0]["url"] == f"{BASE}/v1/customers?email=ann%2Bx%40example.com"


def test_that_products_are_found_and_read() -> None:
    shop = FakeShop((200, [PRODUCT]), (200, PRODUCT))
    found = shop.tool("commerce.products.search", query="a mug & more")["value"]
    assert msgspec.convert(found, list[Product])[0].variants[0].price.minor == 1490
    assert shop.asked[0]["url"] == f"{BASE}/v1/products?query=a+mug+%26+more"
    assert shop.tool("commerce.products.get", product_id="p1")["value"] == found[0]


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


@pytest.mark.parametrize(("tool", "body", "method", "path"), WRITES)
def test_that_a_write_carries_its_key_and_the_money_ceiling(
    tool: str, body: dict[str, Any], method: str, path: str
) -> None:
    shop = FakeShop((200, ORDER))
    answer = shop.tool(tool, money_max_minor=5000, order_id="#W1", **body)
    assert msgspec.convert(answer["value"], Order).id == "#W1"
    (asked,) = shop.asked
    assert (asked["method"], asked["url"]) == (method, BASE + path)
    assert json.loads(asked["body"]) == body
    assert asked["headers"]["Idempotency-Key"] == "turn:3"
    assert asked["headers"]["Max-Amount"] == "5000"


def test_that_addresses_are_set_without_a_money_ceiling() -> None:
    shop = FakeShop((200, ORDER), (200, CUSTOMER))
    short = {key: value for key, value in HOME.items() if key != "address2"}
    shop.tool("commerce.orders.set_address", order_id="#W1", address=short)
    shop.tool("commerce.customers.set_address", customer_id="ann", address=HOME)
    assert [json.loads(asked["body"]) for asked in shop.asked] == [HOME, HOME]
    assert all("Max-Amount" not in asked["headers"] for asked in shop.asked)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, "not-found"), (409, "invalid"), (422, "invalid"), (400, "invalid"), (403, "denied")],
)
def test_that_the_shops_reason_reaches_the_agent(status: int, kind: str) -> None:
    shop = FakeShop((status, {"code": "x", "message": "Only a pending order can be cancelled."}))
    answer = shop.tool("commerce.orders.cancel", order_id="W1", reason="no longer needed")
    assert answer == {
        "failure": {"kind": kind, "message": "Only a pending order can be cancelled."}
    }


@pytest.mark.parametrize(
    "answers",
    [
        [(429, {})],
        [(401, {"message": "The token is missing or not valid."})],
        [(500, {}), (503, "<html>")],
        [(200, "not JSON"), (200, "not JSON")],
        [HostCallFailedError("failed", "no answer within 15 s")],
        [HostCallFailedError("unavailable")],
    ],
)
def test_that_a_shop_that_is_not_well_is_unavailable(answers: list[Any]) -> None:
    shop = FakeShop(*answers)
    failure = shop.tool("commerce.orders.get", order_id="W1")["failure"]
    assert failure["kind"] == "unavailable"
    assert "try again" in failure["message"]
    assert "token" not in failure["message"]
    assert not shop.answers


def test_that_a_lost_answer_of_a_write_is_asked_for_again_under_the_same_key() -> None:
    shop = FakeShop((500, {}), (200, ORDER))
    told = {"order_id": "W1", "reason": "no longer needed"}
    assert "value" in shop.tool("commerce.orders.cancel", **told)
    assert shop.asked[0] == shop.asked[1]


def test_that_a_write_without_any_answer_says_that_it_is_not_known() -> None:
    shop = FakeShop(HostCallFailedError("failed", "no answer within 15 s"))
    told = {"order_id": "W1", "reason": "no longer needed"}
    assert "not known" in shop.tool("commerce.orders.cancel", **told)["failure"]["message"]


@pytest.mark.parametrize("order_id", ["W1/../W2", "", "W1?x=1", "W" * 65, "Ẃ1", "#", "..", "W1%2f"])
def test_that_what_cannot_be_an_id_is_not_found_without_asking(order_id: str) -> None:
    shop = FakeShop()
    failure = shop.tool("commerce.orders.get", order_id=order_id)["failure"]
    assert failure["kind"] == "not-found"


def test_that_a_refusal_of_the_host_is_not_blamed_on_the_shop() -> None:
    shop = FakeShop(HostCallFailedError("denied", "not granted: http:GET …"))
    with pytest.raises(HostCallFailedError, match="not granted"):
        shop.tool("commerce.orders.get", order_id="W1")


def test_that_missing_arguments_are_told() -> None:
    failure = FakeShop().tool("commerce.orders.cancel", order_id="W1")["failure"]
    assert failure["kind"] == "invalid"
    assert "reason" in failure["message"]
