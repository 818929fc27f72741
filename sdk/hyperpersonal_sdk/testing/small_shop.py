"""A shop of one page for tests: two customers, four orders, three products, all rules that matter.

    shop = SmallShop()
    sandbox.tools.update(shop.tools)
    sandbox.reply("Where is order #W1000001?", shared={"customer_id": "ada"})
    assert shop.writes == []

A refusal is answered as a `Failure`, as a connector does.
"""

from collections.abc import Callable, Mapping
from typing import Any

from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind

Json = dict[str, Any]


def usd(minor: int) -> Json:
    """An Amount of so many cents."""
    return {"minor": minor, "currency": "USD"}


def _variant(item_id: str, cents: int, available: bool = True, **options: str) -> Json:  # noqa: FBT001, FBT002
    return {"item_id": item_id, "price": usd(cents), "available": available, "options": options}


def _product(product_id: str, name: str, *variants: Json) -> Json:
    return {"id": product_id, "name": name, "variants": list(variants), "description": ""}


HOME = {"address1": "1 Analytical Way", "address2": "", "city": "Denver", "state": "CO",
        "country": "USA", "zip": "80202"}  # fmt: skip


def products() -> dict[str, Json]:
    """The catalogue, by product id."""
    made = (
        _product("p1", "Desk Lamp",
                 _variant("lamp-black", 4000, color="black", power="USB"),
                 _variant("lamp-white", 4550, color="white", power="USB"),
                 _variant("lamp-red", 3900, available=False, color="red", power="USB")),
        _product("p2", "Backpack",
                 _variant("pack-s", 6000, size="small", color="grey"),
                 _variant("pack-l", 8000, size="large", color="grey")),
        _product("p3", "Tea Kettle",
                 _variant("kettle-1", 3000, capacity="1 liter"),
                 _variant("kettle-2", 3500, capacity="2 liters")),
    )  # fmt: skip
    return {one["id"]: one for one in made}


class SmallShop:
    """Its data is plain JSON in the canonical shapes; change it before the test as needed."""

    def __init__(self) -> None:
        self.products = products()
        self.customers = {"ada": self._customer("ada", "Ada"), "bob": self._customer("bob", "Bob")}
        self.orders: dict[str, Json] = {}
        self._order("#W1000001", "ada", "delivered", "lamp-black", "pack-s")
        self._order("#W1000002", "ada", "pending", "kettle-1")
        self._order("#W1000003", "ada", "processed", "lamp-white")
        self._order("#W1000004", "bob", "delivered", "pack-l")
        self.writes: list[tuple[str, Json]] = []

    @property
    def tools(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        """Tool name -> function of its arguments."""
        reads = {
            "commerce.customers.find": self._find,
            "commerce.customers.get": lambda a: self._held(self.customers, a["customer_id"]),
            "commerce.orders.get": lambda a: self._held(self.orders, a["order_id"]),
            "commerce.products.get": lambda a: self._held(self.products, a["product_id"]),
            "commerce.products.search": self._search,
        }
        return {**reads, **{name: self._writer(name, *rule) for name, rule in _WRITES.items()}}

    def _customer(self, customer_id: str, first_name: str) -> Json:
        methods = [
            {"id": f"visa_{customer_id}", "kind": "credit_card", "label": "visa ending in 1234"},
            {"id": f"gift_{customer_id}", "kind": "gift_card", "label": "gift card",
             "balance": usd(1000)},
        ]  # fmt: skip
        return {
            "id": customer_id, "first_name": first_name, "last_name": "Byron",
            "email": f"{customer_id}@example.com", "address": dict(HOME),
            "payment_methods": methods, "order_ids": [],
        }  # fmt: skip

    def _order(self, order_id: str, customer_id: str, status: str, *item_ids: str) -> None:
        items = [self._item(item_id) for item_id in item_ids]
        total = usd(sum(item["price"]["minor"] for item in items))
        paid = {"kind": "payment", "amount": total, "payment_method_id": f"visa_{customer_id}"}
        parcel = {"tracking_ids": ["55512345"], "item_ids": list(item_ids)}
        self.orders[order_id] = {
            "id": order_id, "customer_id": customer_id, "status": status, "items": items,
            "address": dict(HOME), "fulfilments": [] if status == "pending" else [parcel],
            "payments": [paid], "total": total, "placed_at": "2026-11-02", "delivered_at": "",
            "note": "",
        }  # fmt: skip
        self.customers[customer_id]["order_ids"].append(order_id)

    def _item(self, item_id: str) -> Json:
        for one in self.products.values():
            for variant in one["variants"]:
                if variant["item_id"] == item_id:
                    kept = {key: variant[key] for key in ("item_id", "price", "options")}
                    return {**kept, "product_id": one["id"], "name": one["name"]}
        raise KeyError(item_id)

    @staticmethod
    def _held(things: dict[str, Json], key: str) -> Any:
        return things.get(key) or Failure(FailureKind.NOT_FOUND, f"There is no {key}.")

    def _find(self, known: Mapping[str, Any]) -> Any:
        for one in self.customers.values():
            name = (one["first_name"], one["last_name"], one["address"]["zip"])
            told = (known.get("first_name"), known.get("last_name"), known.get("zip"))
            if known.get("email") == one["email"] or name == told:
                return one
        return Failure(FailureKind.NOT_FOUND, "There is no such customer.")

    def _search(self, asked: Mapping[str, Any]) -> Any:
        said = asked["query"].lower()
        return [p for p in self.products.values() if p["name"].split()[-1].lower() in said]

    def _writer(self, name: str, needed: str, left: str) -> Callable[[Mapping[str, Any]], Any]:
        def write(arguments: Mapping[str, Any]) -> Any:
            if "customer_id" in arguments:
                self.writes.append((name, dict(arguments)))
                return {**self.customers[arguments["customer_id"]], "address": arguments["address"]}
            order = self.orders[arguments["order_id"]]
            if order["status"] != needed:
                return Failure(FailureKind.INVALID, f"{order['id']} is {order['status']}.")
            self.writes.append((name, dict(arguments)))
            order["status"] = left or order["status"]
            return order

        return write


# Tool -> (status an order must have, status it gets; "" keeps it).
_WRITES = {
    "commerce.orders.cancel": ("pending", "cancelled"),
    "commerce.orders.set_address": ("pending", ""),
    "commerce.orders.set_payment": ("pending", ""),
    "commerce.orders.set_items": ("pending", "pending (items modified)"),
    "commerce.returns.create": ("delivered", "return requested"),
    "commerce.exchanges.create": ("delivered", "exchange requested"),
    "commerce.customers.set_address": ("", ""),
}
