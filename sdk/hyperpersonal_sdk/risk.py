"""How much harm a release could do, from what its manifest asks: what two people must look at.

Rules:
1. Only the manifest counts, so that registry and host come to the same answer offline.
2. What this platform does not know counts as the worst it could be.
3. Data that stays is one thing, data with a way out another: reading orders needs one reviewer,
   reading orders and talking to other services two.
"""

from typing import Literal

from msgspec import Struct

from hyperpersonal_sdk.capabilities import (
    Capability,
    CapabilitySet,
    Http,
    Knowledge,
    Memory,
    Money,
    Tool,
)
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from hyperpersonal_sdk.manifest import Manifest

DataClass = Literal[
    "money", "identity", "facts", "unknown", "orders", "conversations", "articles", "products"
]
DATA: dict[DataClass, str] = {
    "money": "shoppers' money",
    "identity": "customers' names, addresses, e-mail and ways to pay",
    "facts": "what is remembered about shoppers",
    "unknown": "data behind tools this platform does not know",
    "orders": "orders with their items, parcels and addresses",
    "conversations": "what shoppers write and are answered",
    "articles": "the shop's articles",
    "products": "the shop's products",
}
"""What a plugin may touch, the most sensitive first."""

SENSITIVE: frozenset[DataClass] = frozenset({"identity", "facts", "unknown"})
PERSONAL: frozenset[DataClass] = SENSITIVE | {"orders"}

_OF_INTERFACE: dict[str, DataClass] = {
    "commerce.customers": "identity",
    "commerce.orders": "orders",
    "commerce.returns": "orders",
    "commerce.exchanges": "orders",
    "commerce.products": "products",
}
_DEAF = frozenset({"connector", "bundle"})  # no shopper's words come to these
_CARRIES = frozenset({"channel", "model"})  # through these goes whatever others say of a shopper


class Risk(Struct, frozen=True):
    """One reason why two people must look. `code` is for machines and stable."""

    code: Literal["moves_money", "sensitive_data", "personal_data_may_leave"]
    words: str


def reviews_needed(manifest: Manifest) -> Literal[1, 2]:
    """How many different reviewers must stand for the release."""
    return 2 if risks(manifest) else 1


def risks(manifest: Manifest) -> tuple[Risk, ...]:
    """Why two people must look at the release; empty where one is enough."""
    data, found = data_classes(manifest), []
    if "money" in data:
        found.append(Risk("moves_money", "It may move money."))
    if sensitive := data & SENSITIVE:
        found.append(Risk("sensitive_data", f"It sees {_listed(sensitive)}."))
    personal = data & PERSONAL or manifest.kind in _CARRIES
    if personal and any(isinstance(right, Http) for right in manifest.asked):
        words = "It sees what belongs to shoppers, and talks to other services."
        found.append(Risk("personal_data_may_leave", words))
    return tuple(found)


def data_classes(manifest: Manifest) -> frozenset[DataClass]:
    """What the release may touch: by what it asks, what it serves and what it is."""
    return data_granted(manifest, None)


def data_granted(manifest: Manifest, granted: CapabilitySet | None) -> frozenset[DataClass]:
    """What it may touch under these grants; None: all it asks, where nobody knows any more."""
    rights = manifest.asked if granted is None else manifest.asked.meet(granted)
    asked = {kind for right in rights if (kind := _of_right(right))}
    tools = manifest.connector.tools if manifest.connector else []
    served = {kind for tool in tools for kind in _of_tool(tool)}
    heard: set[DataClass] = set() if manifest.kind in _DEAF else {"conversations"}
    return frozenset(asked | served | heard)


def _of_right(right: Capability) -> DataClass | None:
    match right:
        case Money():
            return "money"
        case Tool(interface=interface):
            return _of_interface(interface)
        case Memory():
            return "facts"
        case Knowledge():
            return "articles"
    return None


def _of_tool(name: str) -> set[DataClass]:
    """What a connector's tool gives away, and whether it moves money."""
    spec = COMMERCE_TOOLS.get(name)
    kind = _of_interface(name.rpartition(".")[0])
    return {kind, "money"} if spec is not None and spec.money else {kind}


def _of_interface(interface: str) -> DataClass:
    return _OF_INTERFACE.get(interface, "unknown")


def _listed(found: frozenset[DataClass]) -> str:
    return "; ".join(words for kind, words in DATA.items() if kind in found)
