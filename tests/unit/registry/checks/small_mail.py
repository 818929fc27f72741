"""A plugin that answers, looks up, refunds and mails, and the ways its next release may differ."""

from collections.abc import Mapping

from hyperpersonal_sdk import hpx

ASKS = (
    "tool:commerce.orders.read",
    "tool:commerce.returns.write",
    "tool:mail.messages.send.write",
    "money:refund<=500.00 USD/turn",
)
MANIFEST = """
id = "acme/mailer"
version = "{version}"
kind = "agent"
title = "Mailer"
description = "Answers and mails."
licence = "MIT"
entry = "mailer"
hooks = ["reply"]
{asks}
[agent]
labels = ["order"]
[[agent.intents]]
label = "order"
name = "mail"
examples = ["Please mail me the state of #W1000001"]
{more}
"""
CHANGELOG = """# Changelog

## {version}

{news}

## 0.9.0

- First.
"""
SOURCE = """from hyperpersonal_sdk import Agent, Reply

plugin = Agent()
TERMS = "https://shop.acme.example/terms"


@plugin.reply
def reply(turn, host):
    if "#W1" not in turn.text:
        return Reply("Which order is it? See " + TERMS, status="asking")
    order = host.tool("commerce.orders.get", order_id="#W1000001")
    if "return" in turn.text:
        host.tool("commerce.returns.create", order_id=order.id, item_ids=["lamp-black"],
                  payment_method_id="visa_ada")
    host.tool("mail.messages.send", to="ada@example.com", text="Your order is " + order.status)
    return Reply("I mailed it.", confidence=0.9)
"""


def release(
    version: str = "1.0.0",
    *changes: tuple[str, str],
    asks: tuple[str, ...] = ASKS,
    news: str = "",
    **files: bytes,
) -> bytes:
    """One release: the source with each text replaced, and its section of the changelog."""
    source = SOURCE
    for before, after in changes:
        assert before in source, before
        source = source.replace(before, after)
    return artifact(
        {
            "plugin.toml": manifest(version, asks).encode(),
            "mailer.py": source.encode(),
            "CHANGELOG.md": CHANGELOG.format(version=version, news=news).encode(),
            **files,
        }
    )


def manifest(version: str, asks: tuple[str, ...] = ASKS, more: str = "") -> str:
    blocks = "".join(f'[[capabilities]]\nask = "{ask}"\nwhy = "For a test."\n' for ask in asks)
    return MANIFEST.format(version=version, asks=blocks, more=more)


def artifact(files: Mapping[str, bytes]) -> bytes:
    return hpx.pack(files)
