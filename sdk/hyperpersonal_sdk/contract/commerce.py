"""The canonical commerce interface: every shop connector serves these tools with these shapes.

Amounts are integers of minor units with a currency, as everywhere. Source: M-NORM-01.
"""

from msgspec import Struct

from hyperpersonal_sdk.contract.tools import Amount, Effect


class Address(Struct, frozen=True):
    """A postal address."""

    address1: str
    city: str
    state: str
    country: str
    zip: str
    address2: str = ""


class PaymentMethod(Struct, frozen=True):
    """`kind`: credit_card, paypal or gift_card. `balance` only for gift cards; `label` is
    safe to show (for example 'visa ending in 9212')."""

    id: str
    kind: str
    label: str
    balance: Amount | None = None


class Customer(Struct, frozen=True):
    """A shop's customer, with the ids of their orders (newest last)."""

    id: str
    first_name: str
    last_name: str
    email: str
    address: Address
    payment_methods: list[PaymentMethod]
    order_ids: list[str]


class OrderItem(Struct, frozen=True):
    """One bought item; `options` such as {"color": "red"}."""

    item_id: str
    product_id: str
    name: str
    price: Amount
    options: dict[str, str]


class Fulfilment(Struct, frozen=True):
    """A parcel: its tracking ids and the items in it."""

    tracking_ids: list[str]
    item_ids: list[str]


class Payment(Struct, frozen=True):
    """`kind`: payment or refund."""

    kind: str
    amount: Amount
    payment_method_id: str


class Order(Struct, frozen=True):
    """An order as the shop has it now. `note` holds what the shop did last, for the shopper.

    `status`: pending, pending (item modified), processed, delivered, cancelled, return requested,
    exchange requested, or a shop's own word.
    """

    id: str
    customer_id: str
    status: str
    items: list[OrderItem]
    address: Address
    fulfilments: list[Fulfilment]
    payments: list[Payment]
    total: Amount
    placed_at: str = ""
    delivered_at: str = ""
    note: str = ""


class Variant(Struct, frozen=True):
    """One buyable item of a product."""

    item_id: str
    options: dict[str, str]
    available: bool
    price: Amount


class Product(Struct, frozen=True):
    """A product with all its variants."""

    id: str
    name: str
    variants: list[Variant]
    description: str = ""


class ToolSpec(Struct, frozen=True):
    """One tool of an interface. `capability` is what a manifest must ask to call it;
    `money` marks tools that move money (they also need a `money:` capability)."""

    name: str
    effect: Effect
    capability: str
    parameters: dict[str, str]
    returns: str
    money: bool = False


def _read(name: str, capability: str, returns: str, **parameters: str) -> ToolSpec:
    return ToolSpec(name, "read", capability, parameters, returns)


def _write(name: str, capability: str, *, money: bool = False, **parameters: str) -> ToolSpec:
    returns = "Customer" if ".customers." in name else "Order"
    return ToolSpec(name, "write", capability, parameters, returns, money)


_ORDERS, _CUSTOMERS = "tool:commerce.orders.write", "tool:commerce.customers.write"
_RETURNS, _PRODUCTS = "tool:commerce.returns.write", "tool:commerce.products.read"
_PEOPLE = "tool:commerce.customers.read"

COMMERCE_TOOLS: dict[str, ToolSpec] = {
    spec.name: spec
    for spec in (
        _read("commerce.customers.find", _PEOPLE, "Customer",
              email="str?", first_name="str?", last_name="str?", zip="str?"),
        _read("commerce.customers.get", _PEOPLE, "Customer", customer_id="str"),
        _read("commerce.orders.get", "tool:commerce.orders.read", "Order", order_id="str"),
        _read("commerce.products.get", _PRODUCTS, "Product", product_id="str"),
        _read("commerce.products.search", _PRODUCTS, "list[Product]", query="str"),
        _write("commerce.orders.cancel", _ORDERS, money=True, order_id="str", reason="str"),
        _write("commerce.orders.set_address", _ORDERS, order_id="str", address="Address"),
        _write("commerce.orders.set_payment", _ORDERS, money=True,
               order_id="str", payment_method_id="str"),
        _write("commerce.orders.set_items", _ORDERS, money=True, order_id="str",
               item_ids="list[str]", new_item_ids="list[str]", payment_method_id="str"),
        _write("commerce.returns.create", _RETURNS, money=True, order_id="str",
               item_ids="list[str]", payment_method_id="str"),
        _write("commerce.exchanges.create", _RETURNS, money=True, order_id="str",
               item_ids="list[str]", new_item_ids="list[str]", payment_method_id="str"),
        _write("commerce.customers.set_address", _CUSTOMERS, customer_id="str", address="Address"),
    )
}  # fmt: skip
