"""What a changelog must say of rights that are newly asked."""

import pytest
from hyperpersonal_registry.checks.told import Told
from hyperpersonal_sdk.capabilities import CapabilitySet, parse

WRITE, MONEY = "tool:commerce.orders.write", "money:refund<=100.00 USD/turn"
HOST = "http:POST https://api.parcels.example/*"


@pytest.mark.parametrize(
    ("right", "news", "explained"),
    [
        (WRITE, "- can now cancel an order when asked.", True),
        (WRITE, "- small improvements.", False),
        (MONEY, "- starts refunds of up to 100 dollars.", True),
        (MONEY, "- small improvements.", False),
        (HOST, "- asks parcels.example where a parcel is.", True),
        (HOST, "- faster answers.", False),
        ("knowledge:read", "- small improvements.", True),
        ("memory:contact.read", "- small improvements.", True),
        ("kv:1KiB", "- small improvements.", True),
    ],
)
def test_that_rights_to_act_are_told_and_rights_to_read_need_not_be(
    right: str, news: str, explained: bool
) -> None:
    assert Told(news, CapabilitySet.parse([right])).explains(parse(right)) is explained


@pytest.mark.parametrize(
    ("right", "call", "other"),
    [
        ("kv:1KiB", "kv.put", "memory.remember"),
        ("memory:contact.read", "memory.recall", "memory.remember"),
        ("memory:contact.write", "memory.remember", "memory.recall"),
        ("knowledge:read", "knowledge.search", "http.fetch"),
        ("tool:commerce.orders.read", "commerce.orders.get", "commerce.orders.cancel"),
    ],
)
def test_that_a_right_speaks_for_its_own_calls_only(right: str, call: str, other: str) -> None:
    said = Told("", CapabilitySet.parse([right]))
    assert said.asks_newly(call)
    assert not said.asks_newly(other)
