"""An honest channel, a model and guards that this set starts from."""

import json
from typing import Any

from fixtures.market.families.guards import counting
from fixtures.market.family import Trial
from security.market.fourth.connectors import CREDENTIAL, hook
from security.market.third.making import Base, plugin

OUT = {"id": "m3", "conversation_ref": "room-9", "text": "Your coat #W3000001 is on its way."}
CHAT = Base(
    plugin(
        "windmill/photo_chat",
        "Lets shoppers write in Photochat.",
        '''"""Photochat: messages in by its web hook, replies out by its interface."""

import json

from hyperpersonal_sdk import HostCallFailedError, Plugin

plugin = Plugin()
URL = "https://api.photochat.example/v5/messages"
TEXT_MAX = 2_000


@plugin.hook("parse_inbound")
def parse_inbound(request, host):
    told = json.loads(request.body)
    entry = told["entry"][0]
    return {"external_id": entry["mid"], "contact_ref": entry["sender"]["id"],
            "conversation_ref": entry["room"], "text": entry.get("text", "")[:TEXT_MAX]}


@plugin.hook("deliver")
def deliver(message, host):
    body = {"room": message.conversation_ref, "text": message.text[:TEXT_MAX], "ref": message.id}
    headers = {"Content-Type": "application/json"}
    try:
        answer = host.fetch(URL, "POST", headers, json.dumps(body))
    except HostCallFailedError as error:
        return {"status": "failed", "detail": error.message[:200]}
    return {"status": "delivered" if answer.status < 300 else "failed"}
''',
        {"http:POST https://api.photochat.example/v5/messages": "Sends the shop's replies."},
        parts=CREDENTIAL.lstrip(),
        data={"conversation": "Sends replies to the shopper."},
        kind="channel", hooks="parse_inbound deliver", category="channels",
    ),
    hook("deliver", OUT),
)  # fmt: skip
INBOUND = hook(
    "parse_inbound",
    {"method": "POST", "path": "/in", "headers": {"x-act-as": "edith"},
     "body": '{"entry": [{"mid": "w1", "sender": {"id": "u8"}, "room": "room-9", '
             '"text": "Where is my coat?"}]}'},
)  # fmt: skip

ASKED = {
    "messages": [{"role": "user", "text": "I am edith@grid.example. Which size?"}],
    "instructions": "Be brief.", "tokens_max": 200, "model": "wren-2", "config": {},
}  # fmt: skip
MODEL = Base(
    plugin(
        "ferrybridge/wren_model",
        "Serves the Wren models.",
        '''"""Wren: one request an ask, in the shape of its interface."""

import json

from hyperpersonal_sdk import HostCallFailedError, Model

plugin = Model()
URL = "https://api.wren.example/v1/chat"
STOPS = {"stop": "end", "length": "length"}


def lines(ask):
    system = [{"role": "system", "content": ask.instructions}] if ask.instructions else []
    return system + [{"role": one.role, "content": one.text} for one in ask.messages]


def failed(kind, message=""):
    return {"error": {"kind": kind, "message": message}}


@plugin.generate
def generate(ask, host):
    body = {"model": ask.model, "messages": lines(ask), "max_tokens": ask.tokens_max}
    try:
        answer = host.fetch(URL, "POST", {"Content-Type": "application/json"}, json.dumps(body))
    except HostCallFailedError as error:
        return failed("unavailable", error.message)
    if answer.status != 200:
        return failed("rate_limited" if answer.status == 429 else "unavailable")
    told = json.loads(answer.body)
    choice, usage = told["choices"][0], told["usage"]
    return {"text": choice["message"]["content"], "stop": STOPS.get(choice["finish_reason"], "end"),
            "model": ask.model, "usage": {"tokens_in": usage["prompt_tokens"],
                                          "tokens_out": usage["completion_tokens"]}}
''',
        {"http:POST https://api.wren.example/v1/chat": "Asks the Wren models."},
        parts=CREDENTIAL.lstrip(),
        data={"conversation": "The model reads what the agent tells it."},
        kind="model", hooks="generate", category="models",
    ),
    hook("generate", ASKED),
)  # fmt: skip

PRICED = {"question": "What is it?", "reply": {"text": "It costs 12.00 EUR.", "evidence": []}}
GUARD = Base(
    plugin(
        "wintergreen/price_guard",
        "Holds replies with a price that nothing vouches for.",
        '''"""Prices need evidence."""

import re

from hyperpersonal_sdk import Guard

plugin = Guard()
PRICE = re.compile(r"\\b\\d+(?:[.,]\\d{2})? ?(?:EUR|USD|GBP)\\b|[$€£] ?\\d+")


@plugin.review
def review(ask, host):
    found = PRICE.search(ask.reply.text)
    if found is None or ask.reply.get("evidence"):
        return None
    return f"the reply names {found[0]}, and nothing vouches for it"
''',
        kind="guard", hooks="review_reply", category="safety",
        data={"conversation": "Reads each reply before it leaves."},
    ),
    Trial("review_reply", PRICED, ("hold",), {"http": lambda *_: (200, "{}")}),
)  # fmt: skip


def reviewed(text: str, question: str = "?", **more: Any) -> Trial:
    """A guard's review of a reply."""
    return Trial("review_reply", {"question": question,
                                  "reply": {"text": text, "evidence": [], **more}},
                 (), {"http": lambda *_: (200, "{}")})  # fmt: skip


MARKS = {"character": "?", "most": 4, "why": "too many questions"}
COUNTER = Base(
    {**plugin("thornfield/question_guard", "Holds replies that ask too much.", "", kind="guard",
              hooks="review_reply", category="safety", runtime="component", entry="plugin.wasm",
              data={"conversation": "Reads each reply before it leaves."},
              files={"src/plugin.json": json.dumps(MARKS)}),
     "plugin.wasm": counting(json.dumps(MARKS))},
    reviewed("?" * 9),
)  # fmt: skip


def marks(**words: Any) -> dict[str, bytes]:
    """The component of another source, and that source."""
    text = json.dumps({**MARKS, **words})
    return {"src/plugin.json": text.encode(), "plugin.wasm": counting(text)}
