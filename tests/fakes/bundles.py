"""Bundles for tests: their text, and plugins to compose, published in a market."""

from typing import Any

from fakes.publishing import artifact, manifest

ORDERS = "tool:commerce.orders.read"
WRITE = "tool:commerce.orders.write"

HEAD = """
id = "acme/evenings"
version = "1.0.0"
title = "Evening team"
description = "Answers until midnight."
"""


def text(*agents: str, head: str = HEAD, more: str = "") -> str:
    """A bundle of agents, each `publisher/name` or `publisher/name range`; `more` comes last."""
    tables = []
    for agent in agents or ("acme/hello",):
        plugin, _, wanted = agent.partition(" ")
        tables.append(f'[[agents]]\nplugin = "{plugin}"\nversion = "{wanted or "*"}"\n')
    return f"{head}\n{''.join(tables)}\n{more}"


def agent(name: str, version: str = "1.0.0", *, label: str = "order", **more: Any) -> bytes:
    """The archive of an agent of one label."""
    said = manifest(name, version, **more).replace('labels = ["order"]', f'labels = ["{label}"]')
    return artifact(said)


def connector(name: str, version: str = "1.0.0", tool: str = "commerce.orders.get") -> bytes:
    """The archive of a connector of one tool."""
    said = manifest(name, version, asks=(), more=f'[connector]\ntools = ["{tool}"]\n')
    said = said.replace('kind = "agent"', 'kind = "connector"').replace('"reply"', '"call_tool"')
    return artifact(said.replace('[agent]\nlabels = ["order"]\n', ""))


def listing(price: str) -> str:
    """A `[listing]` with one monthly price, such as `19.00 USD`; `use`: paid by the call only."""
    kind = (
        'kind = "per_call"\namount = "0.10 USD"'
        if price == "use"
        else f'kind = "monthly"\namount = "{price}"'
    )
    return (
        '[listing]\ncategory = "orders"\ntagline = "Helps."\nsupport = "mailto:a@b.example"\n'
        f'languages = ["en", "de"]\n[[listing.prices]]\n{kind}\n'
    )
