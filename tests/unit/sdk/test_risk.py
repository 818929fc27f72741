"""How many reviewers a release needs is a matter of its manifest alone."""

import pytest
from fakes.publishing import manifest, store_manifest
from hyperpersonal_sdk import risk
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.contract.commerce import COMMERCE_TOOLS
from hyperpersonal_sdk.manifest import Manifest, read

HTTP = "http:POST https://api.example/*"


def asking(*asks: str) -> Manifest:
    return read(manifest(asks=asks))


@pytest.mark.parametrize(
    ("asks", "codes"),
    [
        ((), ()),
        (("knowledge:read", "kv:1MiB", "tool:commerce.products.read"), ()),
        (("tool:commerce.orders.read",), ()),
        ((HTTP,), ()),
        (("tool:commerce.orders.read", HTTP), ("personal_data_may_leave",)),
        (("money:refund<=1.00 USD/turn",), ("moves_money",)),
        (("tool:commerce.customers.read",), ("sensitive_data",)),
        (("tool:commerce.customers.write",), ("sensitive_data",)),
        (("memory:contact.read",), ("sensitive_data",)),
        (("tool:somebodys.diary.read",), ("sensitive_data",)),
        (
            ("money:charge<=1.00 USD/turn", "memory:contact.read", HTTP),
            ("moves_money", "sensitive_data", "personal_data_may_leave"),
        ),
    ],
)
def test_two_must_look_where_harm_is_great(asks: tuple[str, ...], codes: tuple[str, ...]) -> None:
    found = risk.risks(asking(*asks))
    assert tuple(one.code for one in found) == codes
    assert risk.reviews_needed(asking(*asks)) == (2 if codes else 1)


def test_optional_rights_count_as_asked() -> None:
    optional = read(manifest(asks=(), optional=("money:refund<=1.00 USD/turn",)))
    assert risk.reviews_needed(optional) == 2


def test_a_connector_counts_by_what_it_serves() -> None:
    text = store_manifest("acme/store", "https://shop.example")
    assert risk.data_classes(read(text)) == {"orders"}
    assert risk.reviews_needed(read(text)) == 2  # orders, with a way out
    money = text.replace("commerce.orders.get", "commerce.orders.cancel")
    assert "money" in risk.data_classes(read(money))
    products = text.replace("commerce.orders.get", "commerce.products.get")
    assert risk.reviews_needed(read(products)) == 1


@pytest.mark.parametrize("kind", ["model", "channel"])
def test_what_everything_goes_through_is_risky_once_it_talks_to_others(kind: str) -> None:
    def of(*asks: str) -> Manifest:
        return read(manifest(asks=asks).replace('kind = "agent"', f'kind = "{kind}"'))

    assert risk.reviews_needed(of()) == 1
    assert risk.reviews_needed(of(HTTP)) == 2


def test_every_tool_of_the_contract_has_a_known_class() -> None:
    asks = {spec.capability for spec in COMMERCE_TOOLS.values()}
    assert "unknown" not in risk.data_classes(asking(*asks))


def test_more_rights_never_need_fewer_reviewers() -> None:
    rights = ["knowledge:read", HTTP, "tool:commerce.orders.read", "memory:contact.read",
              "money:refund<=1.00 USD/turn", "tool:commerce.products.read"]  # fmt: skip
    for chosen in range(2 ** len(rights)):
        asks = [right for n, right in enumerate(rights) if chosen >> n & 1]
        fewer, more = asking(*asks[1:]), asking(*asks)
        assert CapabilitySet.parse(asks).covers(fewer.asked)
        assert risk.reviews_needed(fewer) <= risk.reviews_needed(more)


def test_only_what_was_granted_can_be_touched() -> None:
    both = asking("memory:contact.read", "tool:commerce.orders.read")
    some = CapabilitySet.parse(["tool:commerce.orders.read", "money:refund<=1.00 USD/turn"])
    assert risk.data_granted(both, some) == {"orders", "conversations"}
    assert risk.data_granted(both, None) == risk.data_classes(both)
