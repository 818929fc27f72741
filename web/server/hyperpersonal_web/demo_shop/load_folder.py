"""Reads a shop from a folder with `orders.jsonl`, `customers.jsonl` and `products.jsonl`.

The shape is the tau benchmark's retail store: amounts are dollars with a decimal point.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from hyperpersonal_web.demo_shop.model import (
    Address,
    Customer,
    Item,
    Order,
    Parcel,
    Payment,
    PaymentMethod,
    Product,
    Records,
    Variant,
)


def load_folder(folder: Path) -> Records:
    """The records of `folder`.

    Raises:
        FileNotFoundError: one of the three files is missing.
        msgspec.MsgspecError: a line is not JSON or lacks a field.
    """
    return Records(
        orders={row["order_id"]: _order(row) for row in _rows(folder / "orders.jsonl")},
        customers={row["user_id"]: _customer(row) for row in _rows(folder / "customers.jsonl")},
        products={row["product_id"]: _product(row) for row in _rows(folder / "products.jsonl")},
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().splitlines():
        if line.strip():
            yield msgspec.json.decode(line, type=dict[str, Any])


def _cents(dollars: float) -> int:
    return round(dollars * 100)


def _order(row: dict[str, Any]) -> Order:
    return Order(
        id=row["order_id"],
        customer_id=row["user_id"],
        status=row["status"],
        address=msgspec.convert(row["address"], Address),
        items=[_item(item) for item in row["items"]],
        parcels=[Parcel(sent["tracking_id"], sent["item_ids"]) for sent in row["fulfillments"]],
        payments=[
            Payment(paid["transaction_type"], _cents(paid["amount"]), paid["payment_method_id"])
            for paid in row["payment_history"]
        ],
        placed_at=row.get("placed_at", ""),
        delivered_at=row.get("delivered_at", ""),
    )  # fmt: skip


def _item(row: dict[str, Any]) -> Item:
    price = _cents(row["price"])
    return Item(row["item_id"], row["product_id"], row["name"], price, row["options"])


def _customer(row: dict[str, Any]) -> Customer:
    return Customer(
        id=row["user_id"],
        first_name=row["name"]["first_name"],
        last_name=row["name"]["last_name"],
        email=row["email"],
        address=msgspec.convert(row["address"], Address),
        payment_methods={key: _method(method) for key, method in row["payment_methods"].items()},
        order_ids=row["orders"],
    )


def _method(row: dict[str, Any]) -> PaymentMethod:
    balance = _cents(row["balance"]) if "balance" in row else None
    brand, last_four = row.get("brand", ""), row.get("last_four", "")
    return PaymentMethod(row["id"], row["source"], brand, last_four, balance)


def _product(row: dict[str, Any]) -> Product:
    variants = {
        key: Variant(item["item_id"], item["options"], item["available"], _cents(item["price"]))
        for key, item in row["variants"].items()
    }
    return Product(row["product_id"], row["name"], variants, row.get("description", ""))
