"""The shop's JSON in the canonical commerce shapes. The shop counts in US cents."""

CURRENCY = "USD"


def amount(cents):
    return {"minor": cents, "currency": CURRENCY}


def customer(raw):
    return {
        "id": raw["id"],
        "first_name": raw["first_name"],
        "last_name": raw["last_name"],
        "email": raw["email"],
        "address": raw["address"],
        "payment_methods": [payment_method(one) for one in raw["payment_methods"].values()],
        "order_ids": raw["order_ids"],
    }


def payment_method(raw):
    source, balance = raw["source"], raw.get("balance")
    labels = {"paypal": "PayPal", "gift_card": "gift card"}
    card = f"{raw.get('brand', 'card')} ending in {raw.get('last_four', '')}"
    return {
        "id": raw["id"],
        "kind": source,
        "label": labels.get(source, card),
        "balance": None if balance is None else amount(balance),
    }


def order(raw):
    return {
        "id": raw["id"],
        "customer_id": raw["customer_id"],
        "status": raw["status"],
        "items": [{**item, "price": amount(item["price"])} for item in raw["items"]],
        "address": raw["address"],
        "fulfilments": raw["parcels"],
        "payments": [{**paid, "amount": amount(paid["amount"])} for paid in raw["payments"]],
        "total": amount(sum(item["price"] for item in raw["items"])),
        "placed_at": raw.get("placed_at", ""),
        "delivered_at": raw.get("delivered_at", ""),
        "note": raw.get("note", ""),
    }


def product(raw):
    variants = raw["variants"].values()
    return {
        "id": raw["id"],
        "name": raw["name"],
        "variants": [{**one, "price": amount(one["price"])} for one in variants],
        "description": raw["description"],
    }
