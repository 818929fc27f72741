"""What a plugin asks, in a merchant's words, the weightiest first."""

from collections.abc import Callable
from typing import Any, Literal

from hyperpersonal_sdk.capabilities import (
    Capability,
    Http,
    Knowledge,
    Kv,
    Memory,
    Model,
    Money,
    Tool,
    parse,
)
from hyperpersonal_sdk.manifest import Manifest
from msgspec import Struct

Group = Literal["money", "changes", "personal", "outside", "own"]
GROUPS: dict[Group, str] = {
    "money": "Moves money",
    "changes": "Changes things in your shop",
    "personal": "Reads about your shoppers",
    "outside": "Talks to other services",
    "own": "Works on its own",
}

_READS = {
    "commerce.customers": "Read customers: names, addresses, e-mail, ways they paid",
    "commerce.orders": "Read orders with their items, parcels and payments",
    "commerce.products": "Read products with their prices and stock",
}
_WRITES = {
    "commerce.customers": "Change customers' addresses",
    "commerce.orders": "Change and cancel orders",
    "commerce.returns": "Start returns and exchanges",
}
_IMPERSONAL = frozenset({"commerce.products"})
_LOCAL = frozenset({"localhost", "127.0.0.1"})


class Permission(Struct, frozen=True):
    """One capability as a merchant reads it. `why` is the publisher's own reason."""

    capability: str
    group: Group
    words: str
    why: str
    optional: bool = False


def permissions(manifest: Manifest) -> list[Permission]:
    """All a manifest asks, by group, required ones first."""
    found = [
        Permission(item.ask, group_of(parse(item.ask)), in_words(item.ask), item.why, item.optional)
        for item in manifest.capabilities
    ]
    order = list(GROUPS)
    return sorted(found, key=lambda one: (order.index(one.group), one.optional, one.capability))


def group_of(right: Capability) -> Group:
    """How much a right weighs."""
    match right:
        case Money():
            return "money"
        case Tool(effect="write"):
            return "changes"
        case Tool(interface=interface):
            return "own" if interface in _IMPERSONAL else "personal"
        case Memory():
            return "personal"
        case Http() | Model():
            return "outside"
    return "own"


def in_words(text: str) -> str:
    """A capability's text as a sentence for a merchant."""
    right = parse(text)
    return _WORDS[type(right)](right)


def _tool(right: Tool) -> str:
    if right.effect == "read":
        return _READS.get(right.interface, f"Read through the tools {right.interface}")
    return _WRITES.get(right.interface, f"Change things through the tools {right.interface}")


def _memory(right: Memory) -> str:
    if right.effect == "read":
        return "Read what is remembered about the shopper it talks with"
    return "Remember facts about the shopper it talks with"


def _money(right: Money) -> str:
    verb = "Give back" if right.action == "refund" else "Charge"
    return f"{verb} up to {right.amount_text} a turn"


def _http(right: Http) -> str:
    url = right.url
    verb = "Read from" if set(right.methods) <= {"GET", "HEAD"} else "Read from and send to"
    host = (
        "any address on the internet" if url.host == "*" else url.host.replace("*.", "any part of ")
    )
    where = "" if url.path == "/*" else f", only {url.path.removesuffix('*')}"
    plain = url.scheme == "http" and url.host not in _LOCAL
    return f"{verb} {host}{where}{' (not encrypted!)' if plain else ''}"


_WORDS: dict[type[Capability], Callable[[Any], str]] = {
    Tool: _tool,
    Memory: _memory,
    Knowledge: lambda _: "Search your articles",
    Model: lambda right: f"Use a language model, up to {right.tokens:,} tokens a turn",
    Kv: lambda right: f"Keep up to {right.text.removeprefix('kv:')} of its own data",
    Money: _money,
    Http: _http,
}
