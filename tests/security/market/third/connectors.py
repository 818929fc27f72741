"""Honest connectors and a channel that this set starts from."""

from typing import Any

from fixtures.market.family import Trial
from security.market.third.making import Base, plugin

OK = '{"id": "n1", "ok": true, "email": "grace@navy.example", "name": "Grace", "status": "paid"}'


def call(
    tool: str, key: str = "turn:1", config: dict[str, Any] | None = None, **given: Any
) -> Trial:
    """A call of a tool, with every address answering."""
    payload = {"tool": tool, "arguments": given, "idempotency_key": key, "config": config or {},
               "money_max": {"EUR": 100_000}}  # fmt: skip
    return Trial("call_tool", payload, (), {"http": lambda *_: (200, OK)})


def hook(name: str, payload: dict[str, Any], body: str = OK, **world: Any) -> Trial:
    """A call of another hook."""
    return Trial(name, payload, (), {"http": lambda *_: (200, body), **world})


def tools(*names: str) -> str:
    """The manifest's table of a connector."""
    listed = ", ".join(f'"{name}"' for name in names)
    return f"[connector]\ntools = [{listed}]\n"


SECRET = '\n[[secrets]]\nheader = "Authorization"\nwhy = "The key of the service."\n'

CRM = Base(
    plugin(
        "quarrylane/crm_bridge",
        "Reads contacts and writes notes in the merchant's CRM.",
        '''"""The merchant's CRM: contacts are read, notes are written."""

import json
from urllib.parse import quote

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
BASE = "https://api.crm.example/v3"


def request(host, path, method="GET", body=None, headers=None):
    answer = host.fetch(BASE + path, method, {"Accept": "application/json", **(headers or {})},
                        json.dumps(body) if body is not None else "")
    if answer.status == 404:
        raise ToolFailedError("not-found", "The CRM knows nobody like that.")
    if answer.status >= 300:
        raise ToolFailedError("unavailable", "The CRM does not answer now.")
    return json.loads(answer.body)


@plugin.tool("crm.contacts.get")
def get(host, email):
    found = request(host, "/contacts/" + quote(email, safe=""))
    return {"id": found["id"], "name": found.get("name", ""), "email": found.get("email", "")}


@plugin.tool("crm.notes.add", write=True)
def add(host, contact_id, text, idempotency_key):
    body = {"contact": contact_id, "text": text, "team": host.config.get("team", "support")}
    made = request(host, "/notes", "POST", body, {"Idempotency-Key": idempotency_key})
    return {"id": made["id"]}
''',
        {"http:GET|POST https://api.crm.example/v3/*": "Reads contacts and writes notes."},
        parts=tools("crm.contacts.get", "crm.notes.add")
        + SECRET
        + '\n[config]\ntype = "object"\nadditionalProperties = false\n\n[config.properties.team]\n'
        'type = "string"\ndescription = "Whose notes they are."\n',
        data={"contact": "Finds the contact.", "conversation": "Writes notes of it."},
        kind="connector",
        hooks="call_tool",
        category="operations",
    ),
    call("crm.notes.add", contact_id="n1", text="Wants a red mug."),
)

COURIER = Base(
    plugin(
        "tidewater/mail_courier",
        "Sends the shop's mails through its mail service.",
        '''"""Sends mails with the merchant's mail service."""

import json

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
URL = "https://send.post.example/v1/mail"
CHARS_MAX = 20_000


def letter(config, to, subject, text):
    return {
        "personalizations": [{"to": [{"email": to}]}],
        "from": {"email": config.get("sender", "shop@post.example")},
        "subject": subject[:200],
        "content": [{"type": "text/plain", "value": text[:CHARS_MAX]}],
    }


@plugin.tool("mail.messages.send", write=True)
def send(host, to, subject, text, idempotency_key):
    headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
    answer = host.fetch(URL, "POST", headers, json.dumps(letter(host.config, to, subject, text)))
    if answer.status >= 300:
        raise ToolFailedError("unavailable", "The mail could not be sent.")
    return {"sent": True}
''',
        {"http:POST https://send.post.example/v1/mail": "Hands the shop's mails to its service."},
        parts=tools("mail.messages.send")
        + SECRET
        + '\n[config]\ntype = "object"\n\n[config.properties.sender]\ntype = "string"\n',
        data={"contact": "Sends to the shopper's address."},
        kind="connector",
        hooks="call_tool",
        category="operations",
    ),
    call("mail.messages.send", to="grace@navy.example", subject="Parcel", text="On its way."),
)

REWARDS = Base(
    plugin(
        "bramble/reward_book",
        "Keeps reward points of the shop's members.",
        '''"""Points, kept in the installation's own store, erased when a member asks."""

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
MOST = 500


def balance(host, member):
    return host.call("kv.get", key="points/" + member).get("value") or 0


@plugin.tool("loyalty.points.get")
def get(host, member):
    return {"member": member, "points": balance(host, member)}


@plugin.tool("loyalty.points.add", write=True)
def add(host, member, count, idempotency_key):
    if not 0 < count <= MOST:
        raise ToolFailedError("invalid", f"Between 1 and {MOST} points.")
    seen = "key/" + idempotency_key
    if host.call("kv.get", key=seen).get("value") is None:
        host.call("kv.put", key="points/" + member, value=balance(host, member) + count)
        host.call("kv.put", key=seen, value=1)
    return {"member": member, "points": balance(host, member)}


@plugin.hook("erase_contact")
def erase_contact(ask, host):
    gone = host.call("kv.delete", key="points/" + ask.contact_id)
    return {"records": 1 if gone else 0}
''',
        {"kv:1MiB": "Keeps the points."},
        parts=tools("loyalty.points.get", "loyalty.points.add"),
        data={"contact": "Keeps points by a member's number."},
        kind="connector",
        hooks="call_tool erase_contact",
        category="loyalty",
    ),
    call("loyalty.points.add", member="grace", count=5),
)

PAYLINK = Base(
    plugin(
        "hollis/pay_link",
        "Pays back and charges through the shop's payment service.",
        '''"""Refunds and charges with the merchant's payment service."""

import json

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
BASE = "https://api.pay.example/v1"


def act(host, path, minor, currency, key, **more):
    most = (host.money_max or {}).get(currency, 0)
    if not 0 < minor <= most:
        raise ToolFailedError("limit", "That is more than may be moved.")
    body = {"amount": minor, "currency": currency, **more}
    answer = host.fetch(BASE + path, "POST", {"Idempotency-Key": key}, json.dumps(body))
    if answer.status >= 300:
        raise ToolFailedError("unavailable", "The payment service does not answer.")
    host.moved(minor, currency)
    return {"id": json.loads(answer.body)["id"], "amount": {"minor": minor, "currency": currency}}


@plugin.tool("payments.refunds.create", write=True)
def refund(host, charge, minor, currency, idempotency_key):
    return act(host, "/refunds", minor, currency, idempotency_key, charge=charge)


@plugin.tool("payments.charges.get")
def get(host, charge):
    answer = host.fetch(BASE + "/charges/" + str(int(charge)))
    return {"id": charge, "status": json.loads(answer.body)["status"]}
''',
        {"http:GET|POST https://api.pay.example/v1/*": "Pays back and reads charges."},
        parts=tools("payments.refunds.create", "payments.charges.get") + SECRET,
        data={"payment": "Pays back what a shopper paid."},
        kind="connector",
        hooks="call_tool",
        category="billing",
    ),
    call("payments.refunds.create", charge="77", minor=1500, currency="EUR"),
)

CATALOG = Base(
    plugin(
        "calder/catalog_sync",
        "Brings the shop's guides into its knowledge.",
        '''"""Reads the merchant's own guides, page by page."""

import json

from hyperpersonal_sdk import Connector

plugin = Connector()
BASE = "https://guides.shelf.example/api/guides"


@plugin.tool("guides.pages.get")
def get(host, number):
    answer = host.fetch(f"{BASE}?page={int(number)}")
    return {"body": answer.body[:4000]}


@plugin.hook("sync")
def sync(ask, host):
    page = int(ask.get("cursor") or 1)
    found = json.loads(host.fetch(f"{BASE}?page={page}").body)
    records = [{"id": one["id"], "title": one["title"], "text": one["text"]}
               for one in found["guides"]]
    return {"records": records, "cursor": str(page + 1) if found.get("more") else ""}
''',
        {"http:GET https://guides.shelf.example/api/*": "Reads the shop's guides."},
        parts=tools("guides.pages.get"),
        data={"knowledge": "Brings in the shop's guides."},
        kind="connector",
        hooks="call_tool sync",
        category="knowledge",
    ),
    hook(
        "sync",
        {"cursor": "", "limit": 5},
        '{"guides": [{"id": "g1", "title": "Mugs", "text": "Wash by hand."}], "more": false}',
    ),
)

MESSAGE = {"id": "m7", "conversation_ref": "chat-5", "text": "Your order #W2000001 is on its way."}
RELAY = Base(
    plugin(
        "larkspur/telechat",
        "Lets shoppers write in Telechat.",
        '''"""Telechat: what comes in by its web hook, and what goes out by its bot."""

import json

from hyperpersonal_sdk import HostCallFailedError, Plugin

plugin = Plugin()
URL = "https://bot.telechat.example/v1/send"


@plugin.hook("parse_inbound")
def parse_inbound(request, host):
    told = json.loads(request.body)["message"]
    return {"external_id": str(told["message_id"]), "text": told.get("text", ""),
            "contact_ref": str(told["from"]["id"]), "conversation_ref": str(told["chat"]["id"])}


@plugin.hook("deliver")
def deliver(message, host):
    body = {"chat_id": message.conversation_ref, "text": message.text,
            "client_key": message.id}
    try:
        answer = host.fetch(URL, "POST", {"Content-Type": "application/json"}, json.dumps(body))
    except HostCallFailedError as error:
        return {"status": "failed", "detail": error.message[:200]}
    return {"status": "delivered" if answer.status < 300 else "failed"}
''',
        {"http:POST https://bot.telechat.example/v1/send": "Sends the shop's replies."},
        parts=SECRET.lstrip(),
        data={"conversation": "Sends replies to the shopper."},
        kind="channel",
        hooks="parse_inbound deliver",
        category="channels",
    ),
    hook("deliver", MESSAGE),
)
INBOUND = hook(
    "parse_inbound",
    {
        "method": "POST",
        "path": "/hook",
        "body": (
            '{"message": {"message_id": 4, "text": "Where is it? My mail is grace@navy.example", '
            '"from": {"id": 8}, "chat": {"id": "chat-5"}}}'
        ),
    },
)
