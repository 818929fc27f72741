"""Putting the answer to a question where it belongs in the open requests."""

import re

from hyperpersonal_sdk.procedure import confirm, requests, values

_HAS_NONE = re.compile(r"\b(?:don'?t|do not|can'?t|cannot|no|not)\b", re.I)


def absorb(asking, open_requests, text):
    """Take an answer into the requests it was asked for; False if it is none."""
    return _TAKERS[asking["kind"]](asking, open_requests, text)


def _identity(asking, open_requests, text):
    return bool(values.email(text) or values.name_and_zip(text))


def _order(asking, open_requests, text):
    named = values.order_ids(text) or [f"#W{d}" for d in re.findall(r"\b\d{7}\b", text)]
    for request in open_requests:
        if request["verb"] == asking["key"] or asking["key"] in request["orders"]:
            request["orders"] = [o for o in request["orders"] if o != asking["key"]] + named
            if not named and _HAS_NONE.search(text):
                request["no_order"] = True
    return bool(named) or bool(_HAS_NONE.search(text))


def _item(asking, open_requests, text):
    if confirm.answer(text) == "no":
        open_requests[:] = [r for r in open_requests if not _about(r, asking)]
        return True
    for request in open_requests:
        if _about(request, asking):
            request["text"] += " " + text
            request["own"] = f"{request.get('own', '')} {text}".strip()
    return True


def _about(request, asking):
    return request["verb"] in ("return", "swap", "regret") and (
        not request["orders"] or any(asking["key"].startswith(o) for o in request["orders"])
    )


def _variant(asking, open_requests, text):
    for request in open_requests:
        if request["verb"] == "swap":
            if confirm.answer(text) == "no":
                request.setdefault("dropped", []).append(asking["item_id"])
            else:
                request.setdefault("variants", {})[asking["item_id"]] = text
    return True


def _payment(asking, open_requests, text):
    said = values.payment(text)
    for request in open_requests:
        if said and asking["key"].endswith(request["verb"]):
            request.setdefault("paid_by", {})[asking["order_id"]] = said
    return bool(said)


def _reason(asking, open_requests, text):
    said = requests.reason(text)
    for request in open_requests:
        if said and request["verb"] in ("cancel", "regret"):
            request["reason"] = said
    return bool(said)


def _address(asking, open_requests, text):
    found = values.address(text)
    for request in open_requests:
        if found and request["verb"] in ("set_address", "profile_address"):
            request["address"] = found
    return bool(found)


_TAKERS = {
    "identity": _identity,
    "order": _order,
    "item": _item,
    "variant": _variant,
    "payment": _payment,
    "reason": _reason,
    "address": _address,
    "confirm": lambda asking, open_requests, text: False,
}
