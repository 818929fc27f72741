"""The shop over HTTP: who may ask, what is found, that acts are done once, failures on demand."""

import asyncio
from typing import Any

import httpx
import pytest
from hyperpersonal_web.demo_shop.app import create_app
from hyperpersonal_web.demo_shop.door import ShopSettings
from hyperpersonal_web.demo_shop.store import Stores

from .conftest import ADMIN

CANCEL = "/v1/orders/W1000003/cancel"
REASON = {"reason": "no longer needed"}


async def acts(shop: httpx.AsyncClient, store: str = "demo") -> list[dict[str, Any]]:
    answer = await shop.get(f"/admin/stores/{store}/acts", headers=ADMIN)
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.mark.parametrize(
    "headers", [{"Authorization": ""}, {"Authorization": "Bearer admin-token"}]
)
async def test_that_a_wrong_token_opens_nothing(
    shop: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await shop.get("/v1/orders/W1000001", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")


async def test_that_connectors_may_not_administrate(shop: httpx.AsyncClient) -> None:
    assert (await shop.get("/admin/stores/demo/acts")).status_code == 401
    assert (await shop.get("/health", headers={"Authorization": ""})).status_code == 200


@pytest.mark.parametrize("written", ["W1000001", "%23W1000001", "w1000001"])
async def test_that_an_order_is_found_however_its_number_is_written(
    shop: httpx.AsyncClient, written: str
) -> None:
    order = (await shop.get(f"/v1/orders/{written}")).json()
    assert (order["id"], order["status"]) == ("#W1000001", "processed")
    assert order["parcels"][0]["tracking_ids"] == ["FH1000000001"]


async def test_that_what_is_not_there_is_told(shop: httpx.AsyncClient) -> None:
    for path in ("orders/W9", "customers/nobody", "products/0", "customers?email=x@example.com"):
        answer = await shop.get(f"/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    answer = await shop.get("/v1/orders/W1000001", headers={"X-Store": "nowhere"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_store")


async def test_that_a_customer_is_found_by_email_or_by_name_and_zip(
    shop: httpx.AsyncClient,
) -> None:
    by_email = await shop.get("/v1/customers", params={"email": "Tom.Okafor@Example.com "})
    name = {"first_name": "tom", "last_name": "OKAFOR", "zip": "05401"}
    by_name = await shop.get("/v1/customers", params=name)
    assert by_email.json() == by_name.json()
    assert by_email.json()["id"] == "tom_okafor_2"
    wrong = await shop.get("/v1/customers", params={**name, "zip": "05402"})
    assert wrong.status_code == 404
    half = await shop.get("/v1/customers", params={"first_name": "tom"})
    assert (half.status_code, half.json()["code"]) == (422, "ask_more")


async def test_that_products_are_found_by_their_words(shop: httpx.AsyncClient) -> None:
    found = (await shop.get("/v1/products", params={"query": "a rain jacket, please"})).json()
    assert found[0]["name"] == "Ridgeline Rain Jacket"
    assert len(found) <= 5
    assert (await shop.get("/v1/products", params={"query": "submarine"})).json() == []
    one = (await shop.get(f"/v1/products/{found[0]['id']}")).json()
    assert one == found[0]


async def test_that_the_same_key_acts_once(shop: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "turn-1:4"}
    answers = await asyncio.gather(*(shop.post(CANCEL, json=REASON, headers=key) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    args = {"order_id": "#W1000003", "reason": "no longer needed"}
    assert [(act["tool"], act["args"]) for act in await acts(shop)] == [
        ("cancel_pending_order", args)
    ]


async def test_that_a_key_is_refused_for_another_request(shop: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "turn-1:4"}
    await shop.post(CANCEL, json=REASON, headers=key)
    other = await shop.post(CANCEL, json={"reason": "ordered by mistake"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_that_acts_without_a_key_race_to_one(shop: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(shop.post(CANCEL, json=REASON) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert len(await acts(shop)) == 1


async def test_that_a_refusal_changes_nothing_and_frees_its_key(shop: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k"}
    refused = await shop.post(CANCEL, json={"reason": "bored"}, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_reason")
    assert await acts(shop) == []
    assert (await shop.post(CANCEL, json=REASON, headers=key)).status_code == 200


async def test_that_many_refusals_at_once_are_all_answered(shop: httpx.AsyncClient) -> None:
    asks = (shop.post(f"/v1/orders/W{n}/cancel", json=REASON) for n in range(40))
    answers = await asyncio.wait_for(asyncio.gather(*asks), 60)
    assert {answer.status_code for answer in answers} == {404}


async def test_that_no_more_money_moves_than_allowed(shop: httpx.AsyncClient) -> None:
    total = sum(item["price"] for item in (await shop.get("/v1/orders/W1000003")).json()["items"])
    above = await shop.post(CANCEL, json=REASON, headers={"Max-Amount": str(total - 1)})
    assert (above.status_code, above.json()["code"]) == (403, "money_limit")
    assert await acts(shop) == []
    within = await shop.post(CANCEL, json=REASON, headers={"Max-Amount": str(total)})
    assert within.status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"{}", "reason"), (b"[1", "truncated"), (b'{"reason": 5}', "str")],
)
async def test_that_a_bad_body_is_told(shop: httpx.AsyncClient, body: bytes, words: str) -> None:
    answer = await shop.post(CANCEL, content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert words in answer.json()["message"]


async def test_that_every_change_of_an_order_is_offered(shop: httpx.AsyncClient) -> None:
    home = {
        "address1": "1 A",
        "address2": "",
        "city": "B",
        "state": "OR",
        "country": "USA",
        "zip": "1",
    }
    await shop.put("/v1/orders/W1000003/address", json=home)
    gift = {"payment_method_id": "gift_card_1000003"}
    await shop.put("/v1/orders/W1000003/payment", json=gift)
    old, new = await replacement(shop, "W1000003")
    items = {"item_ids": [old], "new_item_ids": [new], **gift}
    changed = await shop.put("/v1/orders/W1000003/items", json=items)
    assert changed.json()["status"] == "pending (item modified)"
    await shop.put("/v1/customers/sam_carter_6/address", json=home)
    old, new = await replacement(shop, "W1000002")
    paypal = {"item_ids": [old], "new_item_ids": [new], "payment_method_id": "paypal_1000002"}
    exchanged = await shop.post("/v1/orders/W1000002/exchanges", json=paypal)
    assert exchanged.json()["status"] == "exchange requested"
    boots = (await shop.get("/v1/orders/W1000004")).json()["items"][0]["item_id"]
    card = {"item_ids": [boots], "payment_method_id": "credit_card_1000004"}
    returned = await shop.post("/v1/orders/W1000004/returns", json=card)
    assert returned.json()["status"] == "return requested"
    assert [act["tool"] for act in await acts(shop)] == [
        "modify_pending_order_address",
        "modify_pending_order_payment",
        "modify_pending_order_items",
        "modify_user_address",
        "exchange_delivered_order_items",
        "return_delivered_order_items",
    ]


async def replacement(shop: httpx.AsyncClient, order_id: str) -> tuple[str, str]:
    """An item of the order and another available one of the same product."""
    item = (await shop.get(f"/v1/orders/{order_id}")).json()["items"][0]
    product = (await shop.get(f"/v1/products/{item['product_id']}")).json()
    others = [one for one in product["variants"].values() if one["available"]]
    return item["item_id"], next(o["item_id"] for o in others if o["item_id"] != item["item_id"])


async def test_that_stores_do_not_see_each_other_and_reset(shop: httpx.AsyncClient) -> None:
    for name in ("one", "two"):
        made = await shop.put(f"/admin/stores/{name}", json={"dataset": "demo"}, headers=ADMIN)
        assert made.status_code == 200
    await shop.post(CANCEL, json=REASON, headers={"X-Store": "one", "Idempotency-Key": "k"})
    in_two = await shop.get("/v1/orders/W1000003", headers={"X-Store": "two"})
    assert in_two.json()["status"] == "pending"
    await shop.put("/admin/stores/one", json={"dataset": "demo"}, headers=ADMIN)
    in_one = await shop.get("/v1/orders/W1000003", headers={"X-Store": "one"})
    assert in_one.json()["status"] == "pending"
    assert await acts(shop, "one") == []
    missing = await shop.put("/admin/stores/x", json={"dataset": "none"}, headers=ADMIN)
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("kind", "status"), [("error", 500), ("limited", 429), ("timeout", 504), ("lost", 500)]
)
async def test_that_the_shop_fails_on_demand(
    shop: httpx.AsyncClient, kind: str, status: int
) -> None:
    fault = {"kind": kind, "store": "demo", "times": 2, "path": "/cancel", "seconds": 0.01}
    await shop.post("/admin/faults", json=fault, headers=ADMIN)
    assert (await shop.get("/v1/orders/W1000003")).status_code == 200
    for _ in range(2):
        answer = await shop.post(CANCEL, json=REASON, headers={"Idempotency-Key": "k"})
        assert answer.status_code == status
    assert len(await acts(shop)) == (kind == "lost")
    answer = await shop.post(CANCEL, json=REASON, headers={"Idempotency-Key": "k"})
    assert answer.json()["status"] == "cancelled"
    assert len(await acts(shop)) == 1


async def test_that_too_many_requests_are_told_to_wait(stores: Stores) -> None:
    settings = ShopSettings("t", "a", requests_per_second=0.5, burst=2)
    app = create_app(stores, settings, now=lambda: 0.0)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    headers = {"Authorization": "Bearer t"}
    async with httpx.AsyncClient(transport=transport, base_url="http://s", headers=headers) as shop:
        answers = [await shop.get("/v1/orders/W1000001") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "2"


async def test_that_a_store_that_was_never_made_has_no_log_and_no_state(
    shop: httpx.AsyncClient,
) -> None:
    for what in ("acts", "state"):
        answer = await shop.get(f"/admin/stores/nowhere/{what}", headers=ADMIN)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_store")


async def test_that_planned_failures_can_be_called_off(shop: httpx.AsyncClient) -> None:
    fault = {"kind": "error", "store": "demo", "times": 99}
    await shop.post("/admin/faults", json=fault, headers=ADMIN)
    await shop.delete("/admin/stores/demo/faults", headers=ADMIN)
    assert (await shop.get("/v1/orders/W1000001")).status_code == 200
