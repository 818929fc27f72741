"""The shop's final state against the one that the expected actions leave."""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hyperpersonal_web.demo_shop.data_generator import generate
from hyperpersonal_web.demo_shop.expected import expected_state
from hyperpersonal_web.demo_shop.load_folder import load_folder
from hyperpersonal_web.demo_shop.model import Action, Records

from .conftest import ADMIN

BALANCE_REFUSAL = "The gift card holds"


async def state(shop: httpx.AsyncClient, store: str) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.get(f"/admin/stores/{store}/state", headers=ADMIN)).json()
    return found


def returned(records: Records) -> Action:
    item = records.orders["#W1000002"].items[1].item_id
    args = {"order_id": "#W1000002", "item_ids": [item], "payment_method_id": "gift_card_1000002"}
    return Action("return_delivered_order_items", args)


CANCELLED = Action("cancel_pending_order", {"order_id": "#W1000003", "reason": "no longer needed"})


async def test_that_the_expected_actions_leave_the_state_the_shop_shows(
    shop: httpx.AsyncClient, demo_records: Records
) -> None:
    await shop.post("/v1/orders/W1000003/cancel", json={"reason": "no longer needed"})
    told = returned(demo_records).args
    await shop.post("/v1/orders/W1000002/returns", json=told)
    expected = expected_state(demo_records, [returned(demo_records), CANCELLED])
    assert not expected.refused
    assert (await state(shop, "demo"))["digest"] == expected.digest


async def test_that_another_reason_is_another_state(
    shop: httpx.AsyncClient, demo_records: Records
) -> None:
    await shop.post("/v1/orders/W1000003/cancel", json={"reason": "ordered by mistake"})
    shown = await state(shop, "demo")
    assert shown["digest"] != expected_state(demo_records, [CANCELLED]).digest
    assert list(shown["changed"]["orders"]) == ["#W1000003"]


def test_that_a_refused_action_changes_nothing_and_is_named(demo_records: Records) -> None:
    twice = expected_state(demo_records, [CANCELLED, CANCELLED])
    assert twice.digest == expected_state(demo_records, [CANCELLED]).digest
    assert twice.refused == [
        "cancel_pending_order: Only a pending order can be cancelled; #W1000003 is cancelled."
    ]
    assert demo_records.orders["#W1000003"].status == "pending"


async def test_that_a_shop_whose_address_was_set_back_is_as_before(
    shop: httpx.AsyncClient, demo_records: Records
) -> None:
    untouched = (await state(shop, "demo"))["digest"]
    address = msgspec.to_builtins(demo_records.customers["sam_carter_6"].address)
    for told in ({**address, "city": "Bend"}, address):
        await shop.put("/v1/customers/sam_carter_6/address", json=told)
    assert (await state(shop, "demo"))["digest"] == untouched


def test_that_a_seed_and_a_date_give_the_same_shop() -> None:
    one = generate(3, date(2026, 1, 1), customers=20)
    assert one == generate(3, date(2026, 1, 1), customers=20)
    assert one.digest() != generate(4, date(2026, 1, 1), customers=20).digest()
    assert one.digest() != generate(3, date(2026, 1, 2), customers=20).digest()


def test_that_generated_shops_hold_together() -> None:
    shop = generate()
    statuses = {order.status for order in shop.orders.values()}
    assert statuses == {"pending", "processed", "delivered", "cancelled", "return requested"}
    for order in shop.orders.values():
        customer = shop.customers[order.customer_id]
        assert order.id in customer.order_ids
        assert order.payments[0].payment_method_id in customer.payment_methods
        assert all(item.item_id in shop.products[item.product_id].variants for item in order.items)
        assert bool(order.parcels) == (
            order.status in {"processed", "delivered", "return requested"}
        )


def write_folder(folder: Path) -> None:
    mug = {"item_id": "m1", "options": {"color": "red"}, "available": True, "price": 10.1}
    product = {"name": "Mug", "product_id": "p", "variants": {"m1": mug}}
    home = {
        "address1": "1",
        "address2": "",
        "city": "c",
        "state": "s",
        "country": "USA",
        "zip": "9",
    }
    customer = {
        "user_id": "u", "name": {"first_name": "A", "last_name": "B"}, "email": "a@example.com",
        "address": home, "orders": ["#W1"],
        "payment_methods": {"g": {"source": "gift_card", "id": "g", "balance": 75}},
    }  # fmt: skip
    order = {
        "order_id": "#W1", "user_id": "u", "address": home, "status": "delivered",
        "items": [{"name": "Mug", "product_id": "p", **mug}],
        "fulfillments": [{"tracking_id": ["1"], "item_ids": ["m1"]}],
        "payment_history": [
            {"transaction_type": "payment", "amount": 10.1, "payment_method_id": "g"}
        ],
    }  # fmt: skip
    for name, row in (("orders", order), ("customers", customer), ("products", product)):
        (folder / f"{name}.jsonl").write_text(json.dumps(row) + "\n")


async def test_that_a_folder_becomes_a_data_set_with_stores(
    shop: httpx.AsyncClient, tmp_path: Path
) -> None:
    write_folder(tmp_path)
    body = msgspec.json.encode(load_folder(tmp_path))
    for _ in range(2):  # the same data set again is left alone
        await shop.put("/admin/datasets/folder", content=body, headers=ADMIN)
    await shop.put("/admin/stores/f", json={"dataset": "folder"}, headers=ADMIN)
    order = (await shop.get("/v1/orders/W1", headers={"X-Store": "f"})).json()
    assert order["items"][0]["price"] == 1010
    assert order["parcels"] == [{"tracking_ids": ["1"], "item_ids": ["m1"]}]


async def test_that_an_order_without_its_customer_is_not_loaded(
    shop: httpx.AsyncClient, demo_records: Records
) -> None:
    body = msgspec.json.encode(Records(demo_records.orders, {}, {}))
    answer = await shop.put("/admin/datasets/half", content=body, headers=ADMIN)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_customer")


def test_that_a_folder_without_a_file_or_with_a_bad_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="orders"):
        load_folder(tmp_path)
    write_folder(tmp_path)
    (tmp_path / "orders.jsonl").write_text("{not json\n")
    with pytest.raises(msgspec.DecodeError):
        load_folder(tmp_path)


@pytest.mark.skipif("HP_EVAL_DATA" not in os.environ, reason="HP_EVAL_DATA names no data folder")
def test_that_the_expected_actions_of_every_task_apply() -> None:
    """A few expect what a gift card cannot pay; the benchmark's own tools refuse it too."""
    folder = Path(os.environ["HP_EVAL_DATA"])
    store = load_folder(folder / "store")
    for line in (folder / "tasks.jsonl").read_text().splitlines():
        task = json.loads(line)
        actions = [Action(one["tool"], one["args"]) for one in task["expected_actions"]]
        refused = expected_state(store, actions).refused
        assert all(BALANCE_REFUSAL in reason for reason in refused), (task["id"], refused)
