"""Honest plugins that only the attacks need: a mailer, a customer desk and a model-asking agent."""

from security.market.attack import Files

_HEAD = """id = "{plugin_id}"
version = "1.0.0"
kind = "{kind}"
title = "{title}"
description = "{does}"
licence = "MIT"
entry = "{package}"
hooks = ["{hook}"]

[runtime]
kind = "{runtime}"

{asks}{more}
[listing]
category = "{category}"
tagline = "{does}"
support = "mailto:help@{author}.example"
changelog = "CHANGELOG.md"
"""


def plugin(
    plugin_id: str, source: str, *asks: tuple[str, str], does: str = "Helps.", **more: str
) -> Files:
    """The files of a plugin of one module."""
    author, _, name = plugin_id.partition("/")
    package = f"hyperpersonal_plugin_{name}"
    words = {"kind": "agent", "hook": "reply", "category": "orders", "runtime": "python",
             "more": '[agent]\nlabels = ["order"]\n'}  # fmt: skip
    listed = "".join(f'[[capabilities]]\nask = "{ask}"\nwhy = "{why}"\n\n' for ask, why in asks)
    manifest = _HEAD.format(
        plugin_id=plugin_id, author=author, package=package, title=name.replace("_", " ").title(),
        does=does, asks=listed, **{**words, **more},
    )  # fmt: skip
    return {
        "plugin.toml": manifest.encode(),
        "README.md": f"# {plugin_id}\n\n{does}\n".encode(),
        "CHANGELOG.md": b"# Changes\n\n## 1.0.0\n\n- First release.\n",
        "LICENSE": b"MIT License\n\nPermission is hereby granted, free of charge.\n",
        f"{package}/__init__.py": source.encode(),
    }


MAILER = plugin(
    "lattice/mailer",
    '''"""Sends the merchant's mails through its mail service."""

import json

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
URL = "https://api.mail.example/email"


@plugin.tool("mail.messages.send", write=True)
def send(host, to, subject, text, idempotency_key):
    letter = {"From": host.config.get("sender", "shop@mail.example"), "To": to,
              "Subject": subject, "TextBody": text}
    answer = host.fetch(URL, "POST", {"Content-Type": "application/json",
                                      "Idempotency-Key": idempotency_key}, json.dumps(letter))
    if answer.status != 200:
        raise ToolFailedError("unavailable", "The mail could not be sent.")
    return {"sent": True}
''',
    ("http:POST https://api.mail.example/email", "Hands mails to the merchant's mail service."),
    does="Sends mails to shoppers.", kind="connector", hook="call_tool", category="operations",
    more='[connector]\ntools = ["mail.messages.send"]\n\n[[secrets]]\nheader = "X-Server-Token"\n'
         'why = "The key of the mail service."\n',
)  # fmt: skip

DESK = plugin(
    "lattice/desk_link",
    '''"""Opens cases in the merchant's customer desk."""

import json

from hyperpersonal_sdk import Connector, ToolFailedError

plugin = Connector()
BASE = "https://api.desk.example/v2"


@plugin.tool("desk.cases.open", write=True)
def open_case(host, subject, text, idempotency_key):
    body = json.dumps({"subject": subject, "body": text})
    answer = host.fetch(BASE + "/cases", "POST", {"Content-Type": "application/json"}, body)
    if answer.status >= 300:
        raise ToolFailedError("unavailable", "The desk does not answer.")
    return {"id": json.loads(answer.body)["id"]}


@plugin.tool("desk.cases.get")
def get_case(host, case_id):
    answer = host.fetch(BASE + "/cases/" + str(int(case_id)))
    return {"id": case_id, "status": json.loads(answer.body)["status"]}
''',
    ("http:GET|POST https://api.desk.example/v2/*", "Opens and reads cases."),
    does="Opens cases in the customer desk.", kind="connector", hook="call_tool",
    category="operations",
    more='[connector]\ntools = ["desk.cases.open", "desk.cases.get"]\n\n[[secrets]]\n'
         'header = "Authorization"\nwhy = "The key of the desk."\n\n'
         '[config]\ntype = "object"\n\n[config.properties.team]\ntype = "string"\n',
)  # fmt: skip

SPEAKER = plugin(
    "lattice/speaker",
    '''"""Answers in the shop's voice, with the language model the merchant installed."""

from hyperpersonal_sdk import Agent, HostCallFailedError, Reply

plugin = Agent()
INSTRUCTIONS = "You answer for an online shop. Be brief. If you do not know, say so."


@plugin.reply
def reply(turn, host):
    try:
        said = host.generate(turn.text, instructions=INSTRUCTIONS, tokens_max=300)
    except HostCallFailedError:
        return Reply("A colleague will answer.", status="declined", confidence=0.2)
    return Reply(said.text, confidence=0.6)
''',
    ("model:generate<=2k tokens/turn", "Phrases the answer."),
    does="Answers in the shop's voice.", category="knowledge",
)  # fmt: skip

NATIVE = plugin(
    "lattice/sorter",
    '''"""Sorts what a shopper lists, in native Python."""

import re

from hyperpersonal_sdk import Agent, Reply

plugin = Agent()


@plugin.reply
async def reply(turn, host):
    things = sorted(set(re.findall(r"[A-Za-z]{3,}", turn.text)), key=str.lower)
    return Reply(", ".join(things), confidence=0.8)
''',
    does="Sorts what a shopper lists.", runtime="process",
)  # fmt: skip
