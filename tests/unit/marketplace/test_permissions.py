import pytest
from fakes.publishing import manifest
from hyperpersonal_marketplace.api import in_words, permissions
from hyperpersonal_sdk.manifest import parse


@pytest.mark.parametrize(
    ("capability", "words"),
    [
        ("tool:commerce.orders.read", "Read orders with their items, parcels and payments"),
        ("tool:commerce.orders.write", "Change and cancel orders"),
        ("tool:crm.notes.read", "Read through the tools crm.notes"),
        ("tool:crm.notes.write", "Change things through the tools crm.notes"),
        ("memory:contact.read", "Read what is remembered about the shopper it talks with"),
        ("memory:contact.write", "Remember facts about the shopper it talks with"),
        ("knowledge:read", "Search your articles"),
        ("model:generate<=20k tokens/turn", "Use a language model, up to 20,000 tokens a turn"),
        ("kv:1MiB", "Keep up to 1MiB of its own data"),
        ("money:refund<=100.00 USD/turn", "Give back up to 100.00 USD a turn"),
        ("money:charge<=5000 JPY/turn", "Charge up to 5000 JPY a turn"),
        ("http:GET https://api.shop.example/*", "Read from api.shop.example"),
        ("http:GET https://*.shop.example/v1/*", "Read from any part of shop.example, only /v1/"),
        ("http:* https://*/*", "Read from and send to any address on the internet"),
        ("http:POST http://a.example/*", "Read from and send to a.example (not encrypted!)"),
        ("http:GET http://127.0.0.1:8100/*", "Read from 127.0.0.1"),
    ],
)
def test_that_a_capability_is_said_in_a_merchants_words(capability: str, words: str) -> None:
    assert in_words(capability) == words


def test_that_the_weightiest_come_first() -> None:
    asks = ("knowledge:read", "tool:commerce.orders.read", "tool:commerce.orders.write")
    found = permissions(
        parse(manifest(asks=asks, optional=("money:refund<=100.00 USD/turn", "kv:1MiB")))
    )
    assert [(one.group, one.optional) for one in found] == [
        ("money", True),
        ("changes", False),
        ("personal", False),
        ("own", False),
        ("own", True),
    ]
    assert all(one.why == "For a test." for one in found)
