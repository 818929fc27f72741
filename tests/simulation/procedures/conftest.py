"""Agents by plain function calls before the demo shop's own rules in memory: quick, and it counts.

What is simplified: no sandbox, no journal, and a router that reads the first request's verb.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hyperpersonal_core.installations.sealed import JournalRow
from hyperpersonal_core.turns.evidence import unsupported
from hyperpersonal_sdk.authoring import Host
from hyperpersonal_sdk.contract.turns import TurnReply, TurnRequest
from hyperpersonal_sdk.procedure import requests
from hyperpersonal_web.demo_shop.data_generator import generate
from hyperpersonal_web.demo_shop.model import Action, Customer, Order, Product, Records
from hyperpersonal_web.demo_shop.rules import ShopRefusalError, apply, label
from hyperpersonal_web.demo_shop.search import nearest

PLUGINS = Path(__file__).parents[3] / "plugins"
AGENTS_A_TURN_MAX = 3
NOBODY = UUID(int=0)

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
        self.rows: list[JournalRow] = []

    def host(self) -> Host:
        return Host(self._call, lambda level, message: None)

    def _call(self, name: str, payload: str) -> str:
        asked = json.loads(payload)
        if name != "tool.call":
            return json.dumps({"passages": [], "facts": []})
        try:
            answer: dict[str, Any] = {"value": self._tool(asked["tool"], asked["arguments"])}
        except ShopRefusalError as refused:
            kind = "not-found" if refused.status == 404 else "invalid"
            answer = {"failure": {"kind": kind, "message": refused.message}}
        text = json.dumps(answer)
        journaled = json.dumps({"value": answer})
        row = JournalRow(str(len(self.rows)), NOBODY, name, payload, write=False, answer=journaled)
        self.rows.append(row)
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


OWNERS = {
    "cancel": "order", "swap": "order", "set_address": "order", "status": "order",
    "tracking": "order", "set_payment": "billing", "charges": "billing", "invoice": "billing",
    "return": "return", "regret": "return", "refund_status": "return",
    "profile_address": "customer_success",
}  # fmt: skip


def load_agent(name: str) -> Any:
    """The plugin object of a first-party agent."""
    module = f"hyperpersonal_plugin_{name}_agent"
    spec = importlib.util.spec_from_file_location(
        module, PLUGINS / f"{name}_agent" / module / "__init__.py"
    )
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded.plugin


class SmallPlatform:
    """One contact's conversation: routes, asks agents, passes leftovers on, keeps their state."""

    def __init__(self, agents: dict[str, Any], records: Records) -> None:
        self._agents = agents
        self.shop = ShopHost(records)
        self.handed_over = False
        self.unsupported: list[str] = []
        self._shared: dict[str, Any] = {}
        self._active: tuple[str, dict[str, Any]] | None = None
        self._history: list[dict[str, str]] = []

    def say(self, text: str) -> str:
        """The reply to a message."""
        self._history.append({"source": "contact", "text": text})
        said, left, passed = [], text, set()
        for _ in range(AGENTS_A_TURN_MAX):
            name, state = self._active or (self._route(left, passed), {})
            self._active = None
            reply = self._ask(name, left, state)
            said.append(reply.text)
            passed.add(name)
            self._shared.update(reply.shared)
            self.handed_over = reply.status == "handoff"
            if reply.status == "asking":
                self._active = (name, reply.state)
            left = reply.leftover
            if not left or self.handed_over or self._active:
                break
        self._history.append({"source": "agent", "text": " ".join(said)})
        return " ".join(filter(None, said))

    def _route(self, text: str, passed: set[str]) -> str:
        wanted = [OWNERS.get(one["verb"], "order") for one in requests.read(text)]
        return next(n for n in [*wanted, *self._agents] if n in self._agents and n not in passed)

    def _ask(self, name: str, text: str, state: dict[str, Any]) -> TurnReply:
        asked = {
            "turn_id": "t", "conversation_id": "c", "tenant_name": "Shop", "channel": "test",
            "text": text, "contact": {"id": "x"}, "messages": [text], "state": state,
            "shared": self._shared, "history": list(self._history),
        }  # fmt: skip
        before = len(self.shop.rows)
        answer = self._agents[name].dispatch("reply", asked, self.shop.host())
        reply = msgspec.convert(answer, TurnReply)
        assert len(msgspec.json.encode(reply.state)) < 16 * 1024
        request = msgspec.convert(asked, TurnRequest)
        self.unsupported += unsupported(reply, request, self.shop.rows[before:])
        return reply


@pytest.fixture(scope="session")
def agents() -> dict[str, Any]:
    return {name: load_agent(name) for name in ("order", "return", "billing", "customer_success")}


@pytest.fixture(scope="session")
def records() -> Records:
    return generate(customers=80)


@pytest.fixture
def open_platform(agents: dict[str, Any], records: Records) -> Any:
    return lambda: SmallPlatform(agents, records)
