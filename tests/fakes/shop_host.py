"""A host whose `commerce` tools are the demo shop's own rules, in memory: quick, and it counts."""

import json
from typing import Any

import msgspec
from hyperpersonal_sdk.authoring import Host
from hyperpersonal_web.demo_shop.model import Action, Customer, Order, Product, Records
from hyperpersonal_web.demo_shop.rules import ShopRefusalError, apply, label
from hyperpersonal_web.demo_shop.search import nearest

_WRITES = {
    "commerce.orders.cancel": "cancel_pending_order",
    "commerce.orders.set_address": "modify_pending_order_address",
    "commerce.orders.set_payment": "modify_pending_order_payment",
    "commerce.orders.set_items": "modify_pending_order_items",
    "commerce.returns.create": "return_delivered_order_items",
    "commerce.exchanges.create": "exchange_delivered_order_items",
    "commerce.customers.set_address": "modify_user_address",
}


class ShopHost:
    """Answers `tool.call` from records; `writes` holds what was done, in the benchmark's names."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.writes: list[Action] = []
        self.calls: list[str] = []
        self.told: list[str] = []

    def host(self) -> Host:
        return Host(self._call, lambda level, message: None)

    def _call(self, name: str, payload: str) -> str:
        asked = json.loads(payload)
        if name != "tool.call":
            return json.dumps({"passages": [], "facts": []})
        self.calls.append(asked["tool"])
        try:
            answer: dict[str, Any] = {"value": self._tool(asked["tool"], asked["arguments"])}
        except ShopRefusalError as refused:
            kind = "not-found" if refused.status == 404 else "invalid"
            answer = {"failure": {"kind": kind, "message": refused.message}}
        text = json.dumps(answer)
        self.told.append(text)
        return text

    def _tool(self, tool: str, arguments: dict[str, Any]) -> Any:
        if tool in _WRITES:
            return self._write(_WRITES[tool], arguments)
        if tool == "commerce.products.search":
            found = nearest(list(self.records.products.values()), arguments["query"])
            return [product_json(one) for one in found]
        if tool == "commerce.customers.find":
            return customer_json(self._find(arguments))
        held, key, shape = {
            "commerce.customers.get": (self.records.customers, "customer_id", customer_json),
            "commerce.orders.get": (self.records.orders, "order_id", order_json),
            "commerce.products.get": (self.records.products, "product_id", product_json),
        }[tool]
        if arguments[key] not in held:
            raise ShopRefusalError(404, "none", "There is no such thing.")
        return shape(held[arguments[key]])

    def _find(self, by: dict[str, str]) -> Customer:
        for one in self.records.customers.values():
            names = (one.first_name.lower(), one.last_name.lower(), one.address.zip)
            asked = (by.get("first_name", "").lower(), by.get("last_name", "").lower())
            if by.get("email", "-") == one.email or (*asked, by.get("zip")) == names:
                return one
        raise ShopRefusalError(404, "none", "There is no such customer.")

    def _write(self, tool: str, arguments: dict[str, Any]) -> Any:
        args = {k: v for k, v in arguments.items() if k != "address"}
        args.update(arguments.get("address", {}))
        if "customer_id" in args:
            args["user_id"] = args.pop("customer_id")
        action = Action(tool, args)
        change = apply(self.records, action)
        self.records = self.records.after(change)
        self.writes.append(action)
        return order_json(change.order) if change.order else customer_json(change.customer)


def _amount(cents: int) -> dict[str, Any]:
    return {"minor": cents, "currency": "USD"}


def customer_json(one: Customer) -> dict[str, Any]:
    methods = [
        {"id": m.id, "kind": m.source, "label": label(m),
         "balance": None if m.balance is None else _amount(m.balance)}
        for m in one.payment_methods.values()
    ]  # fmt: skip
    return {**msgspec.to_builtins(one), "payment_methods": methods}


def order_json(order: Order) -> dict[str, Any]:
    raw = msgspec.to_builtins(order)
    paid = [p.amount for p in order.payments if p.kind == "payment"]
    return {
        "id": order.id, "customer_id": order.customer_id, "status": order.status,
        "address": raw["address"], "fulfilments": raw["parcels"],
        "items": [{**item, "price": _amount(item["price"])} for item in raw["items"]],
        "payments": [{**p, "amount": _amount(p["amount"])} for p in raw["payments"]],
        "total": _amount(sum(item.price for item in order.items) if not paid else paid[0]),
        "placed_at": order.placed_at, "delivered_at": order.delivered_at, "note": order.note,
    }  # fmt: skip


def product_json(one: Product) -> dict[str, Any]:
    variants = [
        {"item_id": v.item_id, "options": v.options, "available": v.available,
         "price": _amount(v.price)}
        for v in one.variants.values()
    ]  # fmt: skip
    return {"id": one.id, "name": one.name, "variants": variants, "description": one.description}
