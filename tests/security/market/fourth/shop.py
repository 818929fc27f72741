"""A shop that turns are tried in."""

from typing import Any

from fixtures.market.family import Trial, turn

ADDRESS = {"address1": "14 Mill Lane", "address2": "", "city": "Kendal", "state": "",
           "country": "United Kingdom", "zip": "LA9"}  # fmt: skip
ORDER: dict[str, Any] = {
    "id": "#W3000001", "customer_id": "edith", "status": "pending",
    "items": [{"item_id": "coat-m", "product_id": "p1", "name": "Rain Coat",
               "price": {"minor": 9000, "currency": "EUR"}, "options": {"size": "M"}}],
    "address": ADDRESS, "fulfilments": [],
    "payments": [{"kind": "payment", "amount": {"minor": 9000, "currency": "EUR"},
                  "payment_method_id": "card_edith"}],
    "total": {"minor": 9000, "currency": "EUR"}, "placed_at": "2026-11-20", "note": "",
}  # fmt: skip
CUSTOMER = {
    "id": "edith", "first_name": "Edith", "last_name": "Clarke", "email": "edith@grid.example",
    "address": ADDRESS, "order_ids": ["#W3000001"],
    "payment_methods": [{"id": "card_edith", "kind": "credit_card", "label": "visa"},
                        {"id": "gift_edith", "kind": "gift_card", "label": "gift card"}],
}  # fmt: skip
MALLORY = {**CUSTOMER, "id": "mallory", "email": "mallory@unpaid.club"}


def _variant(item_id: str, size: str, minor: int, *, available: bool = True) -> dict[str, Any]:
    return {"item_id": item_id, "options": {"size": size}, "available": available,
            "price": {"minor": minor, "currency": "EUR"}}  # fmt: skip


COAT = {"id": "p1", "name": "Rain Coat", "description": "Keeps dry.", "variants": [
    _variant("coat-m", "M", 9000), _variant("coat-l", "L", 9000),
    _variant("coat-s", "S", 8500, available=False), _variant("coat-gold", "L gold", 24000),
]}  # fmt: skip
PASSAGE = {"id": "psg_4", "article_id": "art_4", "title": "Sizes", "score": 0.8,
           "text": "Coats are cut wide. Between two sizes take the smaller one."}  # fmt: skip
TOOLS: dict[str, Any] = {
    "commerce.orders.get": ORDER, "commerce.products.search": [COAT], "commerce.products.get": COAT,
    "commerce.customers.find": lambda given: (
        MALLORY if "mallory" in str(given.get("email")) else CUSTOMER),
    "commerce.customers.get": CUSTOMER, "commerce.orders.set_payment": ORDER,
    "commerce.orders.cancel": {**ORDER, "status": "cancelled"},
    "commerce.exchanges.create": {**ORDER, "status": "exchange requested"},
    "commerce.orders.set_address": ORDER,
}  # fmt: skip
SPOKEN = {"text": "Take the smaller one.", "usage": {"tokens_in": 80, "tokens_out": 6}}
FACTS = {"email": "edith@grid.example", "wishes": "rain coat"}


def ask(text: str, **more: Any) -> Trial:
    """A turn in a shop that has all this."""
    world = {"tools": TOOLS, "passages": [PASSAGE], "facts": FACTS, "model": SPOKEN,
             "http": lambda *_: (200, '{"id": "t1", "note": "Be kind."}')}  # fmt: skip
    return Trial("reply", turn(text, **more), (), world)
