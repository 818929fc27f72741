"""What the shop holds. Amounts are integers of US cents; ids and dates are texts.

Source: the retail domain of the tau benchmark, whose rules, statuses and tool names are kept.
"""

from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace


class Address(Struct, frozen=True):
    address1: str
    address2: str
    city: str
    state: str
    country: str
    zip: str


class PaymentMethod(Struct, frozen=True, omit_defaults=True):
    """`source`: credit_card, paypal or gift_card. `balance` (cents) only for gift cards."""

    id: str
    source: str
    brand: str = ""
    last_four: str = ""
    balance: int | None = None


class Customer(Struct, frozen=True):
    id: str
    first_name: str
    last_name: str
    email: str
    address: Address
    payment_methods: dict[str, PaymentMethod]
    order_ids: list[str]


class Item(Struct, frozen=True):
    item_id: str
    product_id: str
    name: str
    price: int
    options: dict[str, str]


class Parcel(Struct, frozen=True):
    tracking_ids: list[str]
    item_ids: list[str]


class Payment(Struct, frozen=True):
    """`kind`: payment or refund."""

    kind: str
    amount: int
    payment_method_id: str


class Order(Struct, frozen=True, omit_defaults=True):
    """`status`: pending, pending (item modified), processed, delivered, cancelled, return
    requested or exchange requested. `note` says to the shopper what was done last."""

    id: str
    customer_id: str
    status: str
    address: Address
    items: list[Item]
    parcels: list[Parcel]
    payments: list[Payment]
    placed_at: str = ""
    delivered_at: str = ""
    note: str = ""
    cancel_reason: str = ""
    return_items: list[str] = []
    return_payment_method_id: str = ""
    exchange_items: list[str] = []
    exchange_new_items: list[str] = []
    exchange_payment_method_id: str = ""
    exchange_price_difference: int | None = None


class Variant(Struct, frozen=True):
    item_id: str
    options: dict[str, str]
    available: bool
    price: int


class Product(Struct, frozen=True):
    id: str
    name: str
    variants: dict[str, Variant]
    description: str = ""


class Action(Struct, frozen=True):
    """A write in the names and argument shapes of the benchmark's tools."""

    tool: str
    args: dict[str, Any]


class Change(Struct, frozen=True):
    """What an action leaves: the records after it. `amount` is the money it moves, in cents."""

    customer: Customer
    order: Order | None = None
    amount: int = 0


class Records(Struct, frozen=True):
    """Everything of a shop, or the part of it an action needs, by id."""

    orders: dict[str, Order]
    customers: dict[str, Customer]
    products: dict[str, Product]

    def after(self, change: Change) -> "Records":
        """These records with `change` in them; the others are shared, not copied."""
        orders, customers = dict(self.orders), dict(self.customers)
        customers[change.customer.id] = change.customer
        if change.order is not None:
            orders[change.order.id] = change.order
        return Records(orders, customers, self.products)

    def since(self, base: "Records") -> "Records":
        """Only what differs from `base`. An order's `note` does not count: it tells of the last
        action only, and a shop may come to the same state by different ways."""
        orders = {key: replace(order, note="") for key, order in self.orders.items()}
        before = {key: replace(base.orders[key], note="") for key in orders}
        return Records(
            {key: order for key, order in orders.items() if order != before[key]},
            {key: one for key, one in self.customers.items() if one != base.customers[key]},
            {},
        )

    def digest(self) -> str:
        """`sha256:` of these records' canonical JSON."""
        return "sha256:" + sha256(msgspec.json.encode(self, order="sorted")).hexdigest()
