"""Whatever is asked, given and released: nobody gains a right without consent."""

import os

from fakes.publishing import manifest
from hyperpersonal_marketplace.api import InstallRefusedError
from hyperpersonal_marketplace.consent import checked_grants
from hyperpersonal_sdk.capabilities import CapabilitySet
from hyperpersonal_sdk.manifest import read
from hypothesis import given, settings
from hypothesis import strategies as st

UPGRADES = int(os.environ.get("HP_TEST_UPGRADES", "200"))
TEXTS = [
    "knowledge:read", "memory:contact.read", "memory:contact.write", "tool:commerce.orders.read",
    "tool:commerce.orders.write", "kv:1KiB", "kv:1MiB", "model:generate<=1k tokens/turn",
    "model:generate<=20k tokens/turn", "money:refund<=5.00 USD/turn",
    "money:refund<=50.00 USD/turn",
    "money:refund<=50.00 EUR/turn", "http:GET https://a.example/*", "http:* https://a.example/*",
    "http:GET https://a.example/v1/*", "http:* https://*.example/*",
]  # fmt: skip
asks = st.lists(st.sampled_from(TEXTS), unique=True, max_size=5).map(tuple)


@given(asks, asks, asks)
@settings(max_examples=UPGRADES)
def test_that_grants_lie_within_what_was_asked(
    required: tuple[str, ...], optional: tuple[str, ...], grants: tuple[str, ...]
) -> None:
    declared = read(manifest(asks=required, optional=optional))
    try:
        given_set = CapabilitySet.parse(checked_grants(declared, grants))
    except InstallRefusedError:
        return
    assert declared.asked.covers(given_set)
    assert given_set == CapabilitySet.parse(grants)


@given(asks, st.lists(asks, min_size=1, max_size=4))
@settings(max_examples=UPGRADES)
def test_that_no_chain_of_releases_widens_what_was_granted(
    granted: tuple[str, ...], releases: list[tuple[str, ...]]
) -> None:
    consented = kept = CapabilitySet.parse(granted)
    for asked in releases:
        kept = kept.meet(read(manifest(asks=asked)).asked)
        assert consented.covers(kept)
