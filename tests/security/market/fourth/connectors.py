"""Honest connectors that this set starts from."""

import hashlib
import hmac
import json
from typing import Any

from fixtures.market.family import Trial
from security.market.third.making import Base, plugin

OK = json.dumps(
    {"id": "n8", "ok": True, "status": "open", "requester": "edith@grid.example", "body": "Late.",
     "url": "https://labels.longship.example/l/n8.pdf", "rates": [{"id": "r1", "minor": 500}],
     "parcels": [{"id": "k1", "state": "sent"}], "next": "",
     "choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}],
     "usage": {"prompt_tokens": 40, "completion_tokens": 5}}
)  # fmt: skip


def call(
    tool: str, key: str = "turn:4", config: dict[str, Any] | None = None, body: str = OK,
    world: dict[str, Any] | None = None, **given: Any,
) -> Trial:  # fmt: skip
    """A call of a tool, with every address answering."""
    payload = {"tool": tool, "arguments": given, "idempotency_key": key, "config": config or {},
               "money_max": {"EUR": 50_000, "GBP": 50_000}}  # fmt: skip
    return Trial("call_tool", payload, (), {"http": lambda *_: (200, body), **(world or {})})


def hook(name: str, payload: dict[str, Any], body: str = OK, **world: Any) -> Trial:
    """A call of another hook."""
    return Trial(name, payload, (), {"http": lambda *_: (200, body), **world})


def tools(*names: str) -> str:
    """The manifest's table of a connector."""
    return "[connector]\ntools = [" + ", ".join(f'"{name}"' for name in names) + "]\n"


CREDENTIAL = '\n[[secrets]]\nheader = "Authorization"\nwhy = "The key of the service."\n'
_CONFIG = '\n[config]\ntype = "object"\n\n[config.properties.{name}]\ntype = "string"\n'

DESK = Base(
    plugin(
        "ravenscar/desk_tickets",
        "Opens and reads tickets of the merchant's help desk.",
        '''"""Tickets of the help desk; one is read only for who opened it."""

import json

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
BASE = "https://api.deskly.example/v2"
CHARS_MAX = 5_000


def request(host, path, method="GET", body=None, key=""):
    headers = {"Accept": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    answer = host.fetch(BASE + path, method, headers, json.dumps(body) if body else "")
    if answer.status == 404:
        raise ToolFailedError("not-found", "There is no such ticket.")
    if answer.status >= 400:
        raise ToolFailedError("unavailable", "The desk does not answer.")
    return json.loads(answer.body)


def ticket(config, email, subject, text):
    return {"requester": email, "subject": subject[:120], "body": text[:CHARS_MAX],
            "team": config.get("team", "front"), "tags": ["shop-chat"]}


@plugin.tool("desk.tickets.open", write=True)
def open_ticket(host, email, subject, text, idempotency_key):
    made = request(host, "/tickets", "POST", ticket(host.config, email, subject, text),
                   idempotency_key)
    return {"id": made["id"]}


@plugin.tool("desk.tickets.get")
def get_ticket(host, ticket_id, email):
    found = request(host, "/tickets/" + str(ticket_id).replace("/", ""))
    if found["requester"] != email:
        raise ToolFailedError("not-found", "There is no such ticket.")
    return {"id": found["id"], "status": found["status"]}
''',
        {"http:GET|POST https://api.deskly.example/v2/*": "Opens and reads tickets."},
        parts=tools("desk.tickets.open", "desk.tickets.get") + CREDENTIAL
        + _CONFIG.format(name="team"),
        data={"contact": "Says who opened a ticket.", "conversation": "Tells the desk of it."},
        kind="connector", hooks="call_tool", category="operations",
    ),
    call("desk.tickets.open", email="edith@grid.example", subject="Late", text="The coat is late."),
)  # fmt: skip
READ_OWN = call("desk.tickets.get", ticket_id="n8", email="edith@grid.example")
READ_OTHER = call("desk.tickets.get", ticket_id="n8", email="mallory@unpaid.club")

TEXTS = Base(
    plugin(
        "pebblebank/text_sender",
        "Sends the shop's text messages.",
        '''"""Text messages by the merchant's own account."""

import json

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
URL = "https://rest.texts.example/2026/messages"
CHARS_MAX = 480


def number(text):
    kept = "".join(one for one in text if one.isdigit())
    if not 8 <= len(kept) <= 15:
        raise ToolFailedError("invalid", "That is not a telephone number.")
    return "+" + kept


@plugin.tool("texts.messages.send", write=True)
def send(host, to, text, idempotency_key):
    body = {"to": [number(to)], "body": text[:CHARS_MAX], "from": host.config.get("sender", "Shop"),
            "client_ref": idempotency_key}
    answer = host.fetch(URL, "POST", {"Content-Type": "application/json"}, json.dumps(body))
    if answer.status >= 300:
        raise ToolFailedError("unavailable", "The message could not be sent.")
    return {"sent": True, "id": json.loads(answer.body)["id"]}
''',
        {"http:POST https://rest.texts.example/2026/messages": "Hands messages to the service."},
        parts=tools("texts.messages.send") + CREDENTIAL + _CONFIG.format(name="sender"),
        data={"contact": "Sends to the shopper's number."},
        kind="connector", hooks="call_tool", category="operations",
    ),
    call("texts.messages.send", to="+44 1539 555 0142", text="Your coat is on its way."),
)  # fmt: skip

PAY = Base(
    plugin(
        "castlegate/pay_desk",
        "Charges and pays back with the merchant's payment service.",
        '''"""Charges and refunds; each acts once, under what the turn may move."""

import json

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
BASE = "https://api.coinbox.example/v1"


def post(host, path, body, key):
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    answer = host.fetch(BASE + path, "POST", headers, json.dumps(body))
    if answer.status >= 300:
        raise ToolFailedError("unavailable", "The payment service does not answer.")
    return json.loads(answer.body)


def checked(host, minor, currency):
    if not 0 < minor <= (host.money_max or {}).get(currency, 0):
        raise ToolFailedError("limit", "That is more than may be moved.")


@plugin.tool("payments.charges.create", write=True)
def charge(host, customer, minor, currency, idempotency_key):
    checked(host, minor, currency)
    body = {"customer": customer, "amount": minor, "currency": currency}
    made = post(host, "/charges", body, idempotency_key)
    host.moved(minor, currency)
    return {"id": made["id"], "amount": {"minor": minor, "currency": currency}}


@plugin.tool("payments.refunds.create", write=True)
def refund(host, charge, minor, currency, idempotency_key):
    checked(host, minor, currency)
    body = {"charge": charge, "amount": minor, "currency": currency}
    made = post(host, "/refunds", body, idempotency_key)
    host.moved(minor, currency)
    return {"id": made["id"], "amount": {"minor": minor, "currency": currency}}
''',
        {"http:POST https://api.coinbox.example/v1/*": "Charges and pays back."},
        parts=tools("payments.charges.create", "payments.refunds.create") + CREDENTIAL,
        data={"payment": "Charges and pays back what was agreed."},
        kind="connector", hooks="call_tool", category="billing",
    ),
    call("payments.charges.create", customer="edith", minor=9000, currency="EUR"),
)  # fmt: skip
REFUND = call("payments.refunds.create", charge="ch7", minor=1999, currency="EUR")

LABELS = Base(
    plugin(
        "longship/label_maker",
        "Buys parcel labels and follows parcels.",
        '''"""Labels, and where parcels are: asked page by page, and told by web hook."""

import hashlib
import hmac
import json

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
BASE = "https://api.longship.example/v1"
STATES = {"sent": "on its way", "held": "at the depot", "done": "delivered"}


def fetched(host, path, method="GET", body="", headers=None):
    answer = host.fetch(BASE + path, method, headers or {}, body)
    if answer.status >= 300:
        raise ToolFailedError("unavailable", "The carrier does not answer.")
    return json.loads(answer.body)


@plugin.tool("shipping.labels.buy", write=True)
def buy(host, name, address, grams, idempotency_key):
    rates = fetched(host, f"/rates?grams={int(grams)}")["rates"]
    rate = min(rates, key=lambda one: one["minor"])
    body = {"rate": rate["id"], "to": {"name": name, "address": address}, "grams": int(grams)}
    label = fetched(host, "/labels", "POST", json.dumps(body),
                    {"Idempotency-Key": idempotency_key})
    return {"id": label["id"], "url": label["url"]}


@plugin.hook("sync")
def sync(ask, host):
    found = fetched(host, f"/parcels?after={ask.get('cursor') or ''}&limit={ask.get('limit', 50)}")
    records = [{"id": one["id"], "state": STATES.get(one["state"], one["state"])}
               for one in found["parcels"]]
    return {"records": records, "cursor": found.get("next", "")}


@plugin.hook("handle_webhook")
def handle_webhook(request, host):
    secret = host.call("kv.get", key="hook_secret").get("value") or ""
    right = hmac.new(secret.encode(), request.body.encode(), hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(right, request.headers.get("x-signature", "")):
        return {"status": 401, "body": ""}
    told = json.loads(request.body)
    host.call("kv.put", key="parcel/" + told["id"], value=told["state"])
    return {"status": 200, "body": ""}
''',
        {
            "http:GET|POST https://api.longship.example/v1/*": "Buys labels and follows parcels.",
            "kv:256KiB": "Keeps where parcels are, and the web hook's secret.",
        },
        parts=tools("shipping.labels.buy") + CREDENTIAL,
        data={"orders": "Sends parcels.", "contact": "Writes the address on a label."},
        kind="connector", hooks="call_tool sync handle_webhook", category="shipping",
    ),
    call("shipping.labels.buy", name="Edith Clarke", address="14 Mill Lane, Kendal", grams=900),
)  # fmt: skip
SYNC = hook("sync", {"cursor": "", "limit": 20})
FORGED = hook(
    "handle_webhook",
    {"method": "POST", "path": "/h", "headers": {"x-signature": ""},
     "body": '{"id": "k1", "state": "done"}'},
    kv={"hook_secret": '"s3"'},
)  # fmt: skip

_TOLD = '{"id": "k1", "state": "done", "at": "2026-11-23T11:58:00+00:00"}'
_SIGN = hmac.new(b"s3", _TOLD.encode(), hashlib.sha256).hexdigest()
SIGNED = hook(
    "handle_webhook",
    {"method": "POST", "path": "/h", "headers": {"x-signature": _SIGN}, "body": _TOLD},
    kv={"hook_secret": '"s3"'},
)  # fmt: skip

STAMPS = Base(
    plugin(
        "tamarisk/stamp_card",
        "Keeps stamps of regular shoppers.",
        '''"""Ten stamps make a present. They are kept here, and erased when a member asks."""

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
FULL = 10


def count(host, member):
    return host.call("kv.get", key="stamps/" + member).get("value") or 0


@plugin.tool("loyalty.stamps.get")
def get(host, member):
    return {"member": member, "stamps": count(host, member)}


@plugin.tool("loyalty.stamps.add", write=True)
def add(host, member, idempotency_key):
    if not member.isalnum():
        raise ToolFailedError("invalid", "A member's number has letters and digits only.")
    seen = f"seen/{member}/{idempotency_key}"
    if not host.call("kv.get", key=seen).get("value"):
        host.call("kv.put", key="stamps/" + member, value=(count(host, member) + 1) % FULL)
        host.call("kv.put", key=seen, value=1)
    return {"member": member, "stamps": count(host, member)}


@plugin.hook("erase_contact")
def erase_contact(ask, host):
    keys = ["stamps/" + ask.contact_id]
    keys += host.call("kv.keys", prefix=f"seen/{ask.contact_id}/").get("keys", [])
    for key in keys:
        host.call("kv.delete", key=key)
    return {"records": len(keys)}
''',
        {"kv:1MiB": "Keeps the stamps."},
        parts=tools("loyalty.stamps.get", "loyalty.stamps.add"),
        data={"contact": "Keeps stamps by a member's number."},
        kind="connector", hooks="call_tool erase_contact", category="loyalty",
    ),
    call("loyalty.stamps.add", member="edith"),
)  # fmt: skip
GET_STAMPS = call("loyalty.stamps.get", member="mallory",
                  world={"kv": {"stamps/edith": "7", "stamps/mallory": "1"}})  # fmt: skip
ERASE = hook(
    "erase_contact", {"contact_id": "edith"}, kv={"stamps/edith": "7", "seen/edith/turn:1": "1"}
)
