"""A shopper who is unhappy with something bought and asks for no particular thing: what can be
done depends on the order. A pending one can be cancelled, a delivered one returned."""

import re

from hyperpersonal_sdk.procedure import actions, finder, picking, words
from hyperpersonal_sdk.procedure.asks import NotMine, Refuse

_HARM = re.compile(
    r"\b(?:broken?|damaged?|faulty|defect\w*|chipped|cracked|missing|wrong|never\s+(?:came"
    r"|arrived)|nothing\s+(?:has\s+)?(?:come|arrived)|stopped\s+working"
    r"|leak\w*)\b",
    re.I,
)
_OPEN = ("pending", "delivered")


def undo_pending(request, shop):
    """For the agent that cancels: a delivered order is handed on as a return."""
    return _undo(request, shop, "pending", actions.cancel, "I want to return {what} of order {id}")


def undo_delivered(request, shop):
    """For the agent that takes back: a pending order is handed on as a cancellation."""
    return _undo(request, shop, "delivered", actions.give_back, "I want to cancel order {id}")


def sorry(request):
    """A word of regret when the thing came broken or wrong; else ""."""
    return words.SORRY if _HARM.search(request["text"]) else ""


def _undo(request, shop, status, build, handed_on):
    found = picking.picked(request, shop, _OPEN)
    if request["orders"] and all(order["status"] == status for order, _ in found):
        return build(request, shop)
    order, bought = _one(request, found)
    said = f"{request.get('before', '')} {request['text']}".strip()
    if order["status"] not in _OPEN:
        raise Refuse(
            f"Order {order['id']} has the status \u201c{order['status']}\u201d, so I cannot "
            f"change it now."
        )
    if order["status"] != status:
        what = actions.join(item["name"] for item in bought)
        raise NotMine(handed_on.format(what=what, id=order["id"]) + f". {said}")
    request["orders"] = [order["id"]]
    return build(request, shop)


def _one(request, found):
    """The one order it is about."""
    if len(found) == 1:
        return found[0]
    raise finder.ask_order(request, [order for order, _ in found])
