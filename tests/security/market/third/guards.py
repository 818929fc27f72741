"""Honest guards and a native agent that this set starts from."""

import json
from typing import Any

from fixtures.market.families.guards import counting
from fixtures.market.family import Trial
from security.market.third.bases import ask
from security.market.third.making import Base, labels, plugin

PROMISE = {"question": "Will it come tomorrow?",
           "reply": {"text": "I guarantee that it comes tomorrow.", "evidence": []}}  # fmt: skip
WARDEN = Base(
    plugin(
        "fernhill/promise_warden",
        "Holds replies that promise what nothing vouches for.",
        '''"""Holds promises without evidence."""

import re

from hyperpersonal_sdk import Guard

plugin = Guard()
PROMISE = re.compile(r"\\b(guarantee|promise|definitely|for sure)\\b", re.IGNORECASE)
CARD = re.compile(r"\\b(?:\\d[ -]?){15}\\d\\b")


@plugin.review
def review(ask, host):
    text = ask.reply.text
    if CARD.search(text):
        return "the reply shows the number of a card"
    found = PROMISE.search(text)
    if found and not ask.reply.get("evidence"):
        return f"the reply says {found[0]!r}, and nothing vouches for it"
    return None
''',
        kind="guard",
        hooks="review_reply",
        category="safety",
        data={"conversation": "Reads each reply before it leaves."},
    ),
    Trial("review_reply", PROMISE, ("hold",)),
)

STARS = '{"character": "*", "most": 3, "why": "too many stars"}\n'
DASHES = Base(
    {**plugin("copperfield/star_guard", "Holds replies with too many stars.", "", kind="guard",
              hooks="review_reply", category="safety", runtime="component", entry="plugin.wasm",
              data={"conversation": "Reads each reply before it leaves."},
              files={"src/plugin.json": STARS}),
     "plugin.wasm": counting(STARS)},
    Trial("review_reply", {"question": "?", "reply": {"text": "*" * 9, "evidence": []}}, ("hold",)),
)  # fmt: skip


def stars(**words: Any) -> bytes:
    """The component of another source."""
    return counting(json.dumps({**json.loads(STARS), **words}))


NATIVE = Base(
    plugin(
        "ashgrove/parcel_weigher",
        "Adds up what a parcel weighs, in native Python.",
        '''"""Adds weights that a shopper lists."""

import re
from decimal import Decimal

from hyperpersonal_sdk import Agent, Reply

plugin = Agent()
WEIGHT = re.compile(r"(\\d+(?:\\.\\d+)?)\\s*(kg|g)\\b")
GRAMS = {"g": Decimal(1), "kg": Decimal(1000)}


@plugin.reply
async def reply(turn, host):
    parts = [Decimal(number) * GRAMS[unit] for number, unit in WEIGHT.findall(turn.text)]
    if not parts:
        return Reply("What weighs how much?", status="asking")
    return Reply(f"Together {sum(parts) / 1000:.2f} kg.", confidence=0.9)
''',
        runtime="process",
        category="shipping",
        parts=labels("weight", "How heavy are 2 kg and 300 g?"),
    ),
    ask("How heavy are 2 kg and 300 g?"),
)
