"""Fernhill Outfitters' data: the same seed and base date give the same shop, byte for byte.

The six well-known persons of `WELL_KNOWN` are in every generated shop; README.md lists them.
"""

from datetime import date, timedelta
from itertools import product as combinations
from random import Random
from typing import Any

from msgspec.structs import replace

from hyperpersonal_web.demo_shop.catalogue import (
    CATALOGUE,
    CITIES,
    FIRST_NAMES,
    LAST_NAMES,
    STREETS,
    Row,
)
from hyperpersonal_web.demo_shop.model import (
    Action,
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
from hyperpersonal_web.demo_shop.rules import apply
from hyperpersonal_web.demo_shop.well_known import WELL_KNOWN, KnownOrder, KnownPerson

SEED = 7
BASE_DATE = date(2026, 11, 20)
CUSTOMERS = 300
VARIANTS_MAX = 12
SHARES = {"pending": 8, "processed": 4, "delivered": 10, "cancelled": 2, "returned": 1}


def generate(seed: int = SEED, base_date: date = BASE_DATE, customers: int = CUSTOMERS) -> Records:
    """A shop with `customers` generated customers, about two orders each, and the known ones."""
    return _Generator(Random(seed), base_date).shop(customers)


class _Generator:
    def __init__(self, random: Random, today: date) -> None:
        self._random = random
        self._today = today
        self._products = {one.id: one for one in map(self._product, CATALOGUE)}
        self._records = Records({}, {}, self._products)

    def shop(self, customers: int) -> Records:
        for known in WELL_KNOWN:
            self._add_known(known)
        for number in range(customers):
            self._add_customer(number)
        return self._records

    def _digits(self, n: int) -> str:
        return str(self._random.randrange(10 ** (n - 1), 10**n))

    def _product(self, row: Row) -> Product:
        name, base_price, options, description = row
        chosen = [
            dict(zip(options, values, strict=True)) for values in combinations(*options.values())
        ]
        if len(chosen) > VARIANTS_MAX:
            chosen = self._random.sample(chosen, VARIANTS_MAX)
        variants = [self._variant(base_price, each) for each in chosen]
        return Product(self._digits(10), name, {one.item_id: one for one in variants}, description)

    def _variant(self, base_price: int, options: dict[str, str]) -> Variant:
        price = base_price + 50 * self._random.randint(-base_price // 1500, base_price // 1500)
        return Variant(self._digits(10), options, self._random.random() < 0.8, price)

    def _add_customer(self, number: int) -> None:
        first, last = self._random.choice(FIRST_NAMES), self._random.choice(LAST_NAMES)
        handle = f"{first}_{last}_{1000 + number}".lower()
        email = f"{handle.replace('_', '.', 1).replace('_', '')}@example.com"
        address, methods = self._address(), self._methods()
        customer = Customer(handle, first, last, email, address, methods, [])
        self._records.customers[customer.id] = customer
        for _ in range(self._random.choice([1, 1, 2, 2, 3, 4])):
            self._add_order(customer.id)

    def _address(self) -> Address:
        city, state, zip_start = self._random.choice(CITIES)
        street = f"{self._random.randint(1, 999)} {self._random.choice(STREETS)}"
        unit = f"Apt {self._random.randint(1, 80)}" if self._random.random() < 0.4 else ""
        zip_code = f"{zip_start}{self._random.randint(1, 99):02}"
        return Address(street, unit, city, state, "USA", zip_code)

    def _methods(self) -> dict[str, PaymentMethod]:
        card = PaymentMethod(
            f"credit_card_{self._digits(7)}", "credit_card",
            self._random.choice(["visa", "mastercard"]), self._digits(4),
        )  # fmt: skip
        gift = PaymentMethod(
            f"gift_card_{self._digits(7)}", "gift_card", balance=100 * self._random.randint(5, 300)
        )
        wallet = PaymentMethod(f"paypal_{self._digits(7)}", "paypal")
        chosen = self._random.sample([card, gift, wallet], self._random.randint(1, 3))
        return {one.id: one for one in chosen}

    def _add_order(self, customer_id: str) -> None:
        status = self._random.choices(list(SHARES), list(SHARES.values()))[0]
        chosen = self._random.choices(list(self._products.values()), k=self._random.randint(1, 4))
        items = [
            self._item(one, self._random.choice(list(one.variants.values()))) for one in chosen
        ]
        made = self._order(self._customer(customer_id), items, status, self._random.randint(1, 25))
        self._keep(made)
        if status == "cancelled":
            self._do("cancel_pending_order", order_id=made.id, reason="no longer needed")
        if status == "returned":
            self._do(
                "return_delivered_order_items", order_id=made.id, item_ids=[items[0].item_id],
                payment_method_id=made.payments[0].payment_method_id,
            )  # fmt: skip

    def _customer(self, customer_id: str) -> Customer:
        return self._records.customers[customer_id]

    def _item(self, one: Product, variant: Variant) -> Item:
        return Item(variant.item_id, one.id, one.name, variant.price, variant.options)

    def _order(self, customer: Customer, items: list[Item], status: str, days_ago: int) -> Order:
        """`cancelled` starts as pending, `returned` as delivered: the rules take it from there."""
        start = {"cancelled": "pending", "returned": "delivered"}.get(status, status)
        if start == "delivered":
            days_ago += 4
        total = sum(item.price for item in items)
        return Order(
            id=f"#W{self._digits(7)}",
            customer_id=customer.id,
            status=start,
            address=customer.address,
            items=items,
            parcels=self._parcels(items) if start in {"processed", "delivered"} else [],
            payments=[Payment("payment", total, self._payer(customer, total))],
            placed_at=self._day(days_ago),
            delivered_at=self._day(days_ago - 4) if start == "delivered" else "",
        )

    def _parcels(self, items: list[Item]) -> list[Parcel]:
        ids = [item.item_id for item in items]
        parts = [ids[:1], ids[1:]] if len(ids) > 2 else [ids]
        return [Parcel([f"FH{self._digits(10)}"], part) for part in parts]

    def _payer(self, customer: Customer, total: int) -> str:
        """Any method that could have paid it; the customer's first when none could."""
        able = [
            one.id
            for one in customer.payment_methods.values()
            if one.balance is None or one.balance >= total
        ]
        return self._random.choice(able or list(customer.payment_methods))

    def _day(self, days_ago: int) -> str:
        return (self._today - timedelta(days=days_ago)).isoformat()

    def _keep(self, order: Order) -> None:
        self._records.orders[order.id] = order
        customer = self._customer(order.customer_id)
        self._records.customers[customer.id] = replace(
            customer, order_ids=[*customer.order_ids, order.id]
        )

    def _do(self, tool: str, **args: Any) -> None:
        change = apply(self._records, Action(tool, args))
        self._records.customers[change.customer.id] = change.customer
        assert change.order is not None
        self._records.orders[change.order.id] = change.order

    def _add_known(self, known: KnownPerson) -> None:
        customer = Customer(
            known.id, known.first_name, known.last_name, known.email, known.address,
            {one.id: one for one in known.payment_methods}, [],
        )  # fmt: skip
        self._records.customers[customer.id] = customer
        for order in known.orders:
            self._add_known_order(customer, order)

    def _add_known_order(self, customer: Customer, known: KnownOrder) -> None:
        items = [self._known_item(name, options) for name, options in known.items]
        made = self._order(customer, items, known.status, known.days_ago)
        sent = [Parcel([known.tracking_id], [item.item_id for item in items])]
        paid = [replace(made.payments[0], payment_method_id=known.paid_with)]
        parcels = sent if known.tracking_id else []
        self._keep(replace(made, id=known.id, payments=paid, parcels=parcels))
        if known.status == "cancelled":
            self._do("cancel_pending_order", order_id=known.id, reason="no longer needed")

    def _known_item(self, name: str, options: dict[str, str]) -> Item:
        """The named variant; it takes the place of another if the seed did not draw it."""
        one = next(each for each in self._products.values() if each.name == name)
        for variant in one.variants.values():
            if variant.options == options:
                return self._item(one, variant)
        first = next(iter(one.variants.values()))
        drawn = replace(first, options=options, available=True)
        one.variants[first.item_id] = drawn
        return self._item(one, drawn)
