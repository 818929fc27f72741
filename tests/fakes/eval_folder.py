"""A folder for `hp eval`, as small as can be: one shopper, two orders, a few labelled messages."""

import json
from pathlib import Path
from typing import Any

ADDRESS = {
    "address1": "1 Mill Lane",
    "address2": "",
    "city": "Denver",
    "country": "USA",
    "state": "CO",
    "zip": "80279",
}
PERSON = {"email": "ada.byrne@example.com", "first_name": "Ada", "last_name": "Byrne"}
MESSAGES = {
    "order": ("Where is my order #W1000101?", "Please cancel my order", "Change my address please"),
    "return": ("I want to return the kettle", "How do I send these shoes back?"),
    "product": ("Does this kettle have a timer?", "Is the lamp available in red?"),
    "billing": ("Why was I charged twice?", "My card was declined"),
    "customer_success": ("I forgot my password", "How do I delete my account?"),
    "smalltalk": ("hello there", "thank you very much"),
}
FOREIGN = ("what is the capital of France", "book me a flight to Rome", "set an alarm for six")


def write_folder(path: Path) -> Path:
    """Write every file of the shape; returns `path`."""
    path.mkdir(parents=True)
    rows = [_row(text, agent) for agent, texts in MESSAGES.items() for text in texts]
    rows[0]["slots"] = [{"type": "order_id", "value": "#W1000101"}]
    rows.append(_row("Let me speak to a human please", "customer_success") | {"escalate": True})
    rows.append(_row("can i send back a gift", "return", "abcd") | {"kb_article": "kb/returns"})
    _lines(path / "utterances.jsonl", rows)
    far = [_row(text, "out_of_scope") | {"kind": "far"} for text in FOREIGN]
    _lines(path / "out_of_scope.jsonl", far)
    _lines(path / "knowledge.jsonl", _articles())
    _lines(path / "conversations.jsonl", [_talk()])
    _lines(path / "tasks.jsonl", _tasks())
    (path / "policy.md").write_text("# Cancelling\n\nA pending order can be cancelled.\n")
    _store(path / "store")
    return path


def _row(text: str, agent: str, source: str = "made") -> dict[str, Any]:
    return {"text": text, "agent": agent, "source": source, "slots": [], "escalate": False}


def _articles() -> list[dict[str, str]]:
    texts = {
        "returns": ("return", "Anything delivered can be sent back within 30 days, gifts too."),
        "shipping": ("order", "Orders leave our house within two days and can be tracked."),
        "cards": ("billing", "We take credit cards and PayPal. A declined card was not charged."),
    }
    return [
        {"id": f"kb/{name}", "title": name.title(), "agent": agent, "text": text}
        for name, (agent, text) in texts.items()
    ]


def _talk() -> dict[str, Any]:
    said = (
        ("agent", "Hi! How can I help?"),
        ("customer", "hi, i got a lamp as a gift and i would like to send it back"),
        ("agent", "Sure."),
    )
    turns = [{"role": role, "text": text} for role, text in said]
    return {"id": "t1", "agent": "return", "turns": turns, "kb_article": "kb/returns"}


def _tasks() -> list[dict[str, Any]]:
    cancel = {
        "tool": "cancel_pending_order",
        "args": {"order_id": "#W1000101", "reason": "no longer needed"},
    }
    send_back = {
        "tool": "return_delivered_order_items",
        "args": {"order_id": "#W1000102", "item_ids": ["5002"], "payment_method_id": "paypal_1"},
    }
    return [
        _task("t1", "Cancel order #W1000101 because no longer needed.", cancel),
        _task("t2", "Return #W1000102 via paypal_1: Desk Lamp;", send_back),
    ]


def _task(name: str, opening: str, action: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name, "source": "terse", "user_id": "ada", "opening": opening, "known_info": "",
        "answers": {**PERSON, "zip": ADDRESS["zip"], "confirm": "yes"},
        "expected_actions": [action], "write_actions": [action],
    }  # fmt: skip


def _store(path: Path) -> None:
    path.mkdir()
    kettle = _item("Kettle", "700", "5001", 40.0)
    lamp = _item("Desk Lamp", "701", "5002", 25.5)
    orders = [_order("#W1000101", "pending", [kettle]), _order("#W1000102", "delivered", [lamp])]
    _lines(path / "orders.jsonl", orders)
    customer = {
        "user_id": "ada", "name": {k: v for k, v in PERSON.items() if k != "email"},
        "email": PERSON["email"], "address": ADDRESS,
        "payment_methods": {"paypal_1": {"source": "paypal", "id": "paypal_1"}},
        "orders": ["#W1000101", "#W1000102"],
    }  # fmt: skip
    _lines(path / "customers.jsonl", [customer])
    _lines(path / "products.jsonl", [_product(kettle), _product(lamp)])


def _item(name: str, product: str, item: str, price: float) -> dict[str, Any]:
    told = {"name": name, "product_id": product, "item_id": item, "price": price}
    return told | {"options": {"color": "red"}}


def _order(name: str, status: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    paid = {"transaction_type": "payment", "payment_method_id": "paypal_1"}
    paid["amount"] = sum(item["price"] for item in items)
    return {
        "order_id": name, "user_id": "ada", "address": ADDRESS, "items": items, "status": status,
        "fulfillments": [], "payment_history": [paid],
    }  # fmt: skip


def _product(item: dict[str, Any]) -> dict[str, Any]:
    variant = {key: item[key] for key in ("item_id", "options", "price")} | {"available": True}
    return {
        "name": item["name"],
        "product_id": item["product_id"],
        "variants": {item["item_id"]: variant},
    }


def _lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
