"""Holds back a reply that promises what its evidence does not name."""

import re

from hyperpersonal_sdk import Guard

plugin = Guard()

PROMISES = (
    ("a discount", re.compile(r"\b\d{1,2} ?(?:%|percent) (?:off|discount)", re.IGNORECASE)),
    ("a delivery time", re.compile(r"\bwithin \d{1,2} (?:hours|days)\b", re.IGNORECASE)),
)


@plugin.review
def review(ask, host):
    known = " ".join(item.get("text", "") for item in ask.reply.get("evidence", [])).lower()
    for what, promise in PROMISES:
        for found in promise.findall(ask.reply.text):
            if found.lower() not in known:
                return f"the reply promises {what} that no evidence names"
    return None
