"""The world a scene is played in: a small shop, some knowledge, an answering web, a store."""

import re
from typing import Any

import msgspec
from hyperpersonal_runtime.api import World
from hyperpersonal_sdk.contract.outcomes import Failure, FailureKind
from hyperpersonal_sdk.testing.small_shop import HOME, SmallShop, products, usd

from hyperpersonal_registry.checks.scene import Json, Scene

_WRITES = re.compile(r"\.(?:set|create|cancel|add|send|update|delete|exchange)[a-z_]*$")
KNOWN: Json = {
    "email": "ada@example.com", "to": "ada@example.com", "recipient": "ada@example.com",
    "order_id": "#W1000001", "customer_id": "ada", "zip": "80202", "address": dict(HOME),
    "item_ids": ["lamp-black"], "new_item_ids": ["lamp-white"], "payment_method_id": "visa_ada",
    "amount": usd(2500), "minor": 2500, "quantity": 2, "limit": 5, "query": "lamp",
    "country": "US", "currency": "USD", "phone": "+15550100", "weight": 2, "date": "2026-01-15",
    "config": {}, "number": "GC-1000001", "code": "SAVE10", "text": "Hello Ada",
}  # fmt: skip


def world(scene: Scene) -> World:
    """The fakes of one scene: a small shop, some knowledge, an answering web, a store."""
    shop = SmallShop().tools
    status = 500 if scene.broken else 200

    def tool(name: str, arguments: Json) -> Any:
        if scene.broken and _WRITES.search(name):
            return Failure(FailureKind.UNAVAILABLE, "It does not answer now.")
        if name in shop:
            try:
                return _staged(shop[name](arguments), scene) or list(products().values())
            except (KeyError, TypeError, AttributeError):
                return _answer(name)
        return _answer(name)

    return World(
        tools=tool,
        passages=_ARTICLES if scene.knows else [],
        facts={"size": "M", "language": "en", "phone": "+1 555 0188 20"} if scene.knows else {},
        http=lambda _, url, *_rest: (status, encoded(shaped(scene.shape, _answer(url)))),
        model={"text": "Parcels take 3 to 5 days. Sources: s1", "stop": "end",
               "usage": {"tokens_in": 10, "tokens_out": 10}},
        kv=_Used() if scene.chance else {},
    )  # fmt: skip


def _staged(found: Any, scene: Scene) -> Any:
    """An order, a customer as the scene wants them."""
    if not isinstance(found, dict) or not (scene.word or scene.total):
        return found
    made = dict(found)
    if scene.word and isinstance(made.get("address"), dict):
        place = dict.fromkeys(("country", "state", "city"), scene.word)
        made["address"] = {**made["address"], **place}
    if scene.total and "total" in made:
        made["total"] = {**made["total"], "minor": scene.total}
    return made


class _Used(dict[str, str]):
    """A store in which every counter has counted for long."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, default if default is not None else "5000")


def _answer(about: str) -> Json:
    """An answer with something for everybody who looks for a field."""
    return {
        "id": "x1", "ok": True, "status": "ok", "name": "Sample", "title": "Sample", "url": about,
        "email": "ada@example.com", "text": "Sample", "message": "ok", "order_id": "#W1000001",
        "balance": usd(2500), "amount": usd(2500), "total": usd(2500), "price": usd(2500),
        "items": [], "results": [], "data": {}, "lines": [], "rates": {"USD": 1.0, "EUR": 0.9},
        "valid": True, "active": True, "points": 120, "quantity": 3, "available": True,
        "status_text": "in transit", "delivered_at": "2026-01-10", "placed_at": "2026-01-05",
    }  # fmt: skip


def encoded(value: Json) -> str:
    return msgspec.json.encode(value).decode()


def passage(title: str, text: str) -> Json:
    about = {"id": f"p-{title}", "article_id": f"a-{title}", "title": title, "score": 0.9}
    return {**about, "text": text}


_ARTICLES = [
    passage("Returns", "You may return items within 30 days of delivery."),
    passage("Shipping", "Parcels take 3 to 5 days. Shipping is free over 50 USD."),
]


def sample(name: str) -> Any:
    if name in KNOWN:
        return KNOWN[name]
    return "#W1000001" if name.endswith("_id") else "sample"


def shaped(shape: Json, answer: Json) -> Json:
    """A value with every field of a shape; of a plain one, what `answer` has or a sample."""

    def filled(inner: Any, name: str) -> Any:
        if isinstance(inner, dict):
            return {key: filled(one, key) for key, one in inner.items()}
        if isinstance(inner, list):
            return [filled(one, name) or answer.get(name, sample(name)) for one in inner]
        return answer.get(name, sample(name))

    return {**answer, **{name: filled(inner, name) for name, inner in shape.items()}}
