"""More honest plugins to attack: payments, codes, a customer file, a model with tools, packages."""

from typing import Any

from fakes.native import small_wheel
from fixtures.market.families.orders import ORDER
from fixtures.market.family import Json, Trial, turn
from security.market.attack import Files
from security.market.bases import plugin

REFUNDER = plugin(
    "quarry/refunder",
    '''"""Pays back a charge through the merchant's payment service."""

import json

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
URL = "https://api.pay.example/v1/refunds"


@plugin.tool("payments.refunds.create", write=True)
def refund(host, charge_id, minor, currency, idempotency_key):
    if minor <= 0 or minor > 20_000:
        raise ToolFailedError("invalid", "That is for a person.")
    body = {"charge": charge_id, "amount": minor, "currency": currency}
    answer = host.fetch(URL, "POST", {"Content-Type": "application/json",
                                      "Idempotency-Key": idempotency_key}, json.dumps(body))
    if answer.status >= 300:
        raise ToolFailedError("unavailable", "The payment service does not answer.")
    host.moved(minor, currency)
    return {"id": json.loads(answer.body)["id"], "minor": minor}
''',
    ("http:POST https://api.pay.example/v1/refunds", "Pays back what a shopper paid."),
    does="Pays back charges.", kind="connector", hook="call_tool", category="billing",
    more='[connector]\ntools = ["payments.refunds.create"]\n\n[[secrets]]\n'
         'header = "Authorization"\nwhy = "The key of the payment service."\n',
)  # fmt: skip

COUPONS = plugin(
    "quarry/coupons",
    '''"""Makes discount codes in the merchant's shop."""

import json

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
BASE = "https://api.codes.example/v1"


def sent(host, code, idempotency_key):
    answer = host.fetch(BASE + "/codes", "POST", {"Content-Type": "application/json",
                        "Idempotency-Key": idempotency_key}, json.dumps(code))
    if answer.status >= 300:
        raise ToolFailedError("unavailable", "No code could be made.")
    return answer


@plugin.tool("marketing.codes.create", write=True)
def create(host, percent, idempotency_key):
    if not 0 < percent <= 20:
        raise ToolFailedError("invalid", "Between 1 and 20 percent.")
    code = {"percent": percent, "uses": 1, "days": 14}
    sent(host, code, idempotency_key)
    return {"percent": percent, "days": 14}
''',
    ("http:POST https://api.codes.example/v1/codes", "Makes discount codes."),
    does="Makes discount codes for shoppers.", kind="connector", hook="call_tool",
    category="marketing",
    more='[connector]\ntools = ["marketing.codes.create"]\n\n[[secrets]]\n'
         'header = "Authorization"\nwhy = "The key of the shop."\n\n'
         '[config]\ntype = "object"\n\n[config.properties.prefix]\ntype = "string"\n'
         'description = "What each code begins with."\n',
)  # fmt: skip

CRM = plugin(
    "quarry/people_file",
    '''"""Keeps the merchant's customer file up to date."""

import json

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
BASE = "https://api.people.example/v3/contacts/"


@plugin.tool("crm.contacts.save", write=True)
def save(host, contact_id, email, name, idempotency_key):
    if not contact_id.isalnum():
        raise ToolFailedError("invalid", "That is no id.")
    person = {"email": email, "name": name}
    answer = host.fetch(BASE + contact_id, "PUT", {"Content-Type": "application/json"},
                        json.dumps(person))
    if answer.status >= 300:
        raise ToolFailedError("unavailable", "The customer file does not answer.")
    return {"saved": True}
''',
    ("http:PUT https://api.people.example/v3/contacts/*", "Saves contacts."),
    does="Saves contacts in the customer file.", kind="connector", hook="call_tool",
    category="operations",
    more='[connector]\ntools = ["crm.contacts.save"]\n\n[[secrets]]\n'
         'header = "Authorization"\nwhy = "The key of the customer file."\n\n'
         '[[listing.data]]\ndata = "contact"\nwhy = "Saves contacts."\nkept_days = 30\n\n',
)  # fmt: skip

VOICE = plugin(
    "quarry/shop_voice",
    '''"""Answers with a language model, which may look at an order."""

from hyperpersonal_sdk import Agent, HostCallFailedError, Reply
from hyperpersonal_sdk.tool_loop import Tool, run

plugin = Agent()
INSTRUCTIONS = "You answer for an online shop. Be brief. Use the tools; never guess."


def look(host, order_id):
    order = host.tool("commerce.orders.get", order_id=order_id)
    return {"status": order.status, "placed_at": order.placed_at}


ORDERS = Tool(
    "look_at_order",
    "Reads one order's state by its number.",
    {"type": "object",
     "properties": {"order_id": {"type": "string", "description": "Such as #W1000001."}},
     "required": ["order_id"]},
    look,
)


@plugin.reply
def reply(turn, host):
    talk = [{"role": "user", "text": turn.text}]
    try:
        ended = run(host, talk, [ORDERS], instructions=INSTRUCTIONS, tokens_max=300)
    except HostCallFailedError:
        return Reply("A colleague will answer.", status="declined", confidence=0.2)
    return Reply(ended.text, confidence=0.6)
''',
    ("model:generate<=4k tokens/turn", "Phrases the answer."),
    ("tool:commerce.orders.read", "Looks at the order the shopper asks about."),
    does="Answers with a language model that may look at orders.",
)  # fmt: skip


def wheel(name: str, files: dict[str, str], version: str = "1.0") -> tuple[str, bytes]:
    """A pure wheel that says its licence, as honest ones do."""
    return small_wheel(name, files, version, more="License-Expression: MIT\n")


UNITS_WHEEL = wheel(
    "tinyunits",
    {"tinyunits/__init__.py": '"""Lengths."""\n\nINCH = 2.54\n\n\ndef to_cm(inches):\n'
     '    """Centimetres."""\n    return inches * INCH\n'},
)  # fmt: skip
_UNITS = '''"""Turns inches into centimetres, with a small package."""

import re

import tinyunits
from hyperpersonal_sdk import Agent, Reply

plugin = Agent()
NUMBER = re.compile(r"(\\d{1,4})")


@plugin.reply
async def reply(turn, host):
    found = NUMBER.search(turn.text)
    if found is None:
        return Reply("How many inches?", status="asking")
    return Reply(f"{tinyunits.to_cm(int(found[1])):.1f} cm", confidence=0.9)
'''
UNITS = plugin(
    "quarry/inch_to_cm", _UNITS, does="Turns inches into centimetres.", runtime="process",
    category="products",
) | {"wheels/" + UNITS_WHEEL[0]: UNITS_WHEEL[1]}  # fmt: skip

SLUGS = plugin(
    "quarry/page_finder",
    '''"""Finds the shop's page of a word."""

import textkit
from hyperpersonal_sdk import Agent, Reply

plugin = Agent()


@plugin.reply
def reply(turn, host):
    return Reply("You find it under /pages/" + textkit.slug(turn.text), confidence=0.7)
''',
    does="Finds the shop's page of a word.",
) | {
    "textkit/__init__.py": b'"""Slugs."""\n\nimport re\n\n\ndef slug(text):\n    """Small letters '
    b'and hyphens."""\n    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]\n',
    "textkit/LICENSE": b"MIT License\n\nPermission is hereby granted, free of charge.\n",
}  # fmt: skip


def tool_trial(tool: str, **arguments: Any) -> Trial:
    """A call of a connector's tool; everything it asks the outside for is answered well."""
    payload = {"tool": tool, "arguments": arguments, "idempotency_key": "turn:1"}
    return Trial("call_tool", payload, ())


def _model(_: Any) -> Json:
    return {"text": "It has been delivered.", "usage": {"tokens_in": 90, "tokens_out": 7}}


TRIALS: dict[str, Trial] = {
    "quarry/refunder": tool_trial(
        "payments.refunds.create", charge_id="ch_1", minor=1250, currency="USD"
    ),
    "quarry/coupons": tool_trial("marketing.codes.create", percent=10),
    "quarry/people_file": tool_trial(
        "crm.contacts.save", contact_id="c7", email="ada@example.com", name="Ada"
    ),
    "quarry/shop_voice": Trial(
        "reply", turn("Where is #W1000001?"), (),
        {"tools": {"commerce.orders.get": ORDER}, "model": _model},
    ),
    "quarry/inch_to_cm": Trial("reply", turn("How much is 12 inches?"), ("30.5",)),
    "quarry/page_finder": Trial("reply", turn("gift cards"), ("gift-cards",)),
}  # fmt: skip

ALL: dict[str, Files] = {
    "refunder": REFUNDER, "coupons": COUPONS, "crm": CRM, "voice": VOICE, "units": UNITS,
    "slugs": SLUGS,
}  # fmt: skip
