"""Where an order goes, and where a contact lives: reading the new address and setting it."""

from hyperpersonal_sdk.procedure import finder, words
from hyperpersonal_sdk.procedure.actions import action, must_be
from hyperpersonal_sdk.procedure.asks import Ask
from hyperpersonal_sdk.procedure.text import show_address


def set_address(request, shop):
    actions = []
    for order in finder.orders(request, shop, ("pending",)):
        must_be(order, "pending", "sent to another address")
        place = _where(request, shop, f"order {order['id']}")
        actions.append(
            action(
                "commerce.orders.set_address",
                {"order_id": order["id"], "address": place},
                f"Send order {order['id']} to {show_address(place)}.",
                f"Order {order['id']} will now go to {show_address(place)}.",
            )
        )
    return actions


def profile_address(request, shop):
    place = _where(request, shop, "your account")
    return [
        action(
            "commerce.customers.set_address",
            {"customer_id": shop.customer_id, "address": place},
            f"Set the default address of your account to {show_address(place)}.",
            f"The default address of your account is now {show_address(place)}.",
        )
    ]


def _where(request, shop, what):
    """The address meant: written out, that of another order, of the profile, or of a known city."""
    if request.get("address"):
        return request["address"]
    if request.get("same_as"):
        other = shop.order(request["same_as"])
        if other:
            return other["address"]
    if request.get("to_default"):
        return shop.customer["address"]
    known = {tuple(sorted(a.items())): a for a in _known_addresses(shop)}
    said = f"{request.get('before', '')} {request['text']}".lower()
    fits = [a for a in known.values() if a["city"].lower() in said or a["address1"].lower() in said]
    if len(fits) == 1:
        return fits[0]
    raise Ask("address", words.ask_address(what), what)


def _known_addresses(shop):
    return [shop.customer["address"], *(o["address"] for o in shop.orders())]
