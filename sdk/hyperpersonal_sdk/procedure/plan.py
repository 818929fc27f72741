"""The writes of one confirmation: merged by order, in an order that works, done after the yes."""

from hyperpersonal_sdk.authoring import HostCallFailedError, ToolFailedError
from hyperpersonal_sdk.procedure.actions import in_order

_ONCE = ("commerce.returns.create", "commerce.exchanges.create", "commerce.orders.set_items")
_CLOSES = {*_ONCE, "commerce.orders.cancel"}


def merged(actions):
    """(actions with one call an order, lines on what cannot be done in the same order)."""
    kept, refused, closed = [], [], {}
    for action in in_order(actions):
        order_id = action["arguments"].get("order_id")
        last = closed.get(order_id)
        if action["tool"] in _CLOSES and last is not None:
            if last["tool"] == action["tool"] and action["tool"] in _ONCE:
                _extend(last, action)
            elif last["tool"] != action["tool"]:
                refused.append(
                    f"Only one change of that kind is possible for order {order_id}, "
                    "so I would do the first and leave the other."
                )
            continue
        if any(a["tool"] == action["tool"] and a["arguments"] == action["arguments"] for a in kept):
            continue
        if action["tool"] in _CLOSES:
            closed[order_id] = action
        kept.append(action)
    return kept, refused


def _extend(first, more):
    """Items of one order go in one call, each once."""
    mine, theirs = first["arguments"], more["arguments"]
    added = False
    for i, item_id in enumerate(theirs["item_ids"]):
        if item_id not in mine["item_ids"]:
            added = True
            mine["item_ids"].append(item_id)
            if "new_item_ids" in theirs:
                mine["new_item_ids"].append(theirs["new_item_ids"][i])
    if added:
        first["say"] += " " + more["say"]
        first["done"] += " " + more["done"]


def carry_out(actions, shop):
    """(lines of what was done, the failure that stopped it or None). After a failure nothing
    more is tried: a person finishes the rest."""
    lines = []
    for action in actions:
        try:
            shop.act(action["tool"], action["arguments"])
        except ToolFailedError as failure:
            return lines, failure
        except HostCallFailedError as failure:
            return lines, failure
        lines.append(action["done"])
    return lines, None
